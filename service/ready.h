// SPDX-License-Identifier: GPL-3.0-or-later
/// What a watched inbox gives: inputs that are whole, and entries that will never be taken. Paths and names are raw
/// bytes, any but NUL, and may name patients: they are for disk and ledger, never for a log. Thread-safety: plain
/// values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/intake_ledger.h"

namespace chartlift::service {

/// Why an input is thought to be whole.
enum class WholeBy {
    settled,          ///< unchanged for `settle`; whether it is open for writing could not be told
    closed,           ///< unchanged for `settle`, and nobody has it open for writing
    renamed_in,       ///< it came by a rename: from outside, or from a temporary name
    marker,           ///< its .done or .ready was there after its last change
    manifest,         ///< its .sha256, manifest.sha256 or manifest.json was there after its last change
    count,            ///< as many files as the folder's count says, unchanged since the count came
    gave_up_waiting,  ///< still for `incomplete`, though empty, cut off, or not all that count or manifest promise
};
std::string_view to_string(WholeBy whole_by);

struct ReadyFile {
    std::filesystem::path path;    ///< absolute
    std::string name;              ///< relative to the inbox
    store::FileIdentity identity;  ///< as judged: another one when it is read means that it changed, so put it back
};

/// What a manifest promises. Whether the content keeps it is for who reads the content to find out.
struct ExpectedFile {
    std::string name;    ///< relative to the inbox, as ReadyFile's
    std::string sha256;  ///< lower-case hexadecimal
    std::optional<std::uint64_t> bytes;
};

/// One input: a file, or in an inbox of batches a folder directly under it.
struct Ready {
    std::size_t inbox = 0;         ///< index into the inboxes the watcher was started with
    std::string name;              ///< relative to the inbox; a folder's ends in '/'
    std::vector<ReadyFile> files;  ///< at least one, in natural order
    /// Markers, manifests and counts, to be moved along with the files. Two inputs may share one: absent is fine.
    std::vector<std::filesystem::path> markers;
    std::vector<ExpectedFile> expected;           ///< empty without a manifest; may name files that are not there
    std::optional<std::uint64_t> expected_count;  ///< number of files promised by a count or manifest
    WholeBy whole_by = WholeBy::settled;
};

/// Why an entry of an inbox is never opened, or cannot be.
enum class RefusalReason {
    symbolic_link,
    fifo,
    socket,
    device,
    name_too_long,     ///< its whole path has more bytes than the system takes
    too_deep,          ///< a folder under more folders than we enter
    unreadable,        ///< file or folder may not be read; looked at again once its mode or owner changes
    manifest_damaged,  ///< cannot be understood, so it proves nothing; what it stands for is taken without it
};
std::string_view to_string(RefusalReason reason);

struct Refusal {
    std::size_t inbox = 0;
    std::string name;  ///< relative to the inbox; a folder's ends in '/'
    RefusalReason reason = RefusalReason::symbolic_link;
};

}  // namespace chartlift::service
