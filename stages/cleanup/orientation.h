// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether level text stands upright or on its head.
/// Letters of an upright line all stand on the base line, while their tops lie at two heights (small letters against
/// capitals, figures and ascenders; full stops lie lowest); on its head it is the other way round. On each stretch of a
/// line the letters whose top strays from the usual top are counted against those whose bottom strays from the usual
/// bottom. After D. Bloomberg, G. Kopec, L. Dasari, Measuring document image skew and orientation, SPIE 2422, 1995, who
/// count ascenders against descenders; measured on scanned charts this count is right where theirs (Leptonica's
/// pixUpDownDetect) has too few shapes, and it stays near 0 on text that lies sideways, where theirs does not.
/// Guarantee: evidence is a t-value; little text gives little. Thread-safety: free functions.
#pragma once

#include "stages/cleanup/reduced.h"

namespace chartlift::cleanup {

struct UprightVotes {
    int tops = 0;        ///< letters whose top strays
    int bottoms = 0;     ///< letters whose bottom strays
    double t_value = 0;  ///< positive for upright
};

/// `parts` of a level page, in reduced pixels.
UprightVotes upright_votes(const Parts& parts, double dpi);

}  // namespace chartlift::cleanup
