// SPDX-License-Identifier: GPL-3.0-or-later
/// Included before everything else where clang compiles code that uses qpdf. qpdf 11.3's JSON.hh defaults a destructor
/// over a vector of a class that is not complete yet; where vectors are constexpr (C++20), clang refuses it. Nothing of
/// JSON.hh is used here, and qpdf's other headers only need the name.
#pragma once

#define JSON_HH
class JSON;
