// SPDX-License-Identifier: GPL-3.0-or-later
/// One value a field over a document's pages.
/// Guarantee: at most one value a kind; a value is always one that some page holds, with that page and its words.
/// Readings that differ only by what OCR confuses (0568706 and 0S68706, LAVALLEY and LAVALILEY, J and JIMMIE) count as
/// one; the reading most pages share, or the surest, stands for them. Pages vote with their probability, later pages a
/// little less than the first. Names follow the winning last name, so that no person is put together out of two.
/// A Disagreement is recorded where two pages each say, with some certainty, who the patient is, and mean different
/// people. A nickname beside the same record number is no disagreement.
/// Faults: none. Thread-safety: a pure function.
#pragma once

#include <span>

#include "core/document.h"
#include "core/field.h"

namespace chartlift {

/// Null pointers are passed over.
DocumentFields reconcile(std::span<const PageFields* const> pages);

}  // namespace chartlift
