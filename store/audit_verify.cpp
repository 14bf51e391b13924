// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "store/archive.h"
#include "store/audit.h"

namespace chartlift::store {
namespace {

constexpr const char* kWhere = "audit";
constexpr std::uint64_t kEntriesBetweenProgress = 65'536;
constexpr std::size_t kMostDocumentOffences = 20;  // enough to see what happened; the log is broken by the first

constexpr std::string_view kEntriesInOrder =
    "SELECT seq, at, actor, what, subject, detail, leaf_hash FROM audit_entry ORDER BY seq";

struct StoredEntry {
    std::int64_t number = 0;  ///< as the row says, which anyone may have changed
    AuditEntry entry;
    std::optional<TreeHash> leaf_hash;
};

StoredEntry stored_entry(const Statement& row)
{
    const std::int64_t number = row.integer(0);
    return {number,
            {static_cast<std::uint64_t>(number), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)},
            hash_from_bytes(row.text(6))};
}

TreeHash leaf_hash_as(AuditEntry entry, std::uint64_t seq)
{
    entry.seq = seq;
    return hash_of_leaf(leaf_of(entry));
}

/// The stored nodes of each level, read in their order beside the entries.
class NodeColumns {
public:
    explicit NodeColumns(const Database& database) : database_(database) {}

    /// True if the next stored node of the level is this one.
    Result<bool> next_is(const TreeNode& node, const TreeHash& hash)
    {
        auto column = columns_.find(node.level);
        if (column == columns_.end()) {
            auto rows = database_.prepare("SELECT ordinal, hash FROM audit_node WHERE level = ? ORDER BY ordinal");
            if (!rows) return rows.error();
            rows->bind(1, node.level);
            column = columns_.emplace(node.level, std::move(*rows)).first;
        }
        const auto row = column->second.step();
        if (!row) return row.error();
        if (!*row) return false;
        ++read_;
        return column->second.integer(0) == static_cast<std::int64_t>(node.ordinal) &&
               column->second.text(1) == bytes_of(hash);
    }

    Result<bool> has_more() const
    {
        auto count = database_.prepare("SELECT count(*) FROM audit_node");
        if (!count) return count.error();
        if (auto row = count->step(); !row) return row.error();
        return count->integer(0) > read_;
    }

private:
    const Database& database_;
    std::map<unsigned, Statement> columns_;
    std::int64_t read_ = 0;
};

/// A signed size and root, and where it was found.
struct Pin {
    SignedNote note;
    std::string place;  ///< "the signed head", "checkpoint 3 of checkpoints"
};

std::string entries_text(std::uint64_t begin, std::uint64_t end)
{
    return end - begin == 1 ? fmt::format("entry {}", begin) : fmt::format("entries {} to {}", begin, end - 1);
}

class Verification {
public:
    Verification(const Database& database, const VerifyKey& key, const AuditProgress& progress)
        : database_(database), key_(key), progress_(progress)
    {
    }

    Result<AuditReport> run(const std::vector<std::filesystem::path>& checkpoint_files)
    {
        if (auto read = read_signed_head(); !read) return read.error();
        for (const auto& file : checkpoint_files)
            if (auto read = read_checkpoints(file); !read) return read.error();
        std::stable_sort(pins_.begin(), pins_.end(),
                         [](const Pin& a, const Pin& b) { return a.note.checkpoint.size < b.note.checkpoint.size; });
        if (auto checked = check_entries(); !checked) return checked.error();
        std::move(signature_offences_.begin(), signature_offences_.end(), std::back_inserter(report_.offences));
        if (auto checked = check_documents(); !checked) return checked.error();
        if (auto checked = check_removals(); !checked) return checked.error();
        return std::move(report_);
    }

private:
    void offend(AuditOffenceKind kind, std::optional<std::uint64_t> seq, std::string text)
    {
        report_.offences.push_back({kind, seq, std::move(text)});
    }

    /// Only what is signed with our key is compared with the tree.
    void pin(SignedNote note, std::string place)
    {
        const NoteCheck check = check_note(note, key_);
        if (check == NoteCheck::sound) {
            pins_.push_back({std::move(note), std::move(place)});
        } else if (check == NoteCheck::other_key) {
            signature_offences_.push_back(
                {AuditOffenceKind::key, std::nullopt,
                 fmt::format("{} is signed by {}, not by {}, whose key was given", place, note.key_name, key_.name())});
        } else {
            signature_offences_.push_back({AuditOffenceKind::signature, std::nullopt,
                                           fmt::format("{} has a signature that does not hold", place)});
        }
    }

    Result<void> read_signed_head()
    {
        auto query = database_.prepare("SELECT note FROM audit_head");
        if (!query) return query.error();
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return {};
        auto note = parse_note(query->text(0));
        if (!note) {
            signature_offences_.push_back(
                {AuditOffenceKind::signature, std::nullopt, "the signed head cannot be read"});
            return {};
        }
        report_.head = note->checkpoint;
        pin(std::move(*note), "the signed head");
        return {};
    }

    Result<void> read_checkpoints(const std::filesystem::path& path)
    {
        const auto text = read_checkpoint_text(path);
        if (!text) return text.error();
        CheckpointFile file = parse_checkpoints(*text);
        const std::string name = path.filename().string();
        for (std::size_t i = 0; i < file.notes.size(); ++i)
            pin(std::move(file.notes[i]), fmt::format("checkpoint {} of {}", i + 1, name));
        report_.checkpoints += file.notes.size();
        if (file.cut_short) ++report_.cut_short;
        if (file.damaged_note)
            signature_offences_.push_back(
                {AuditOffenceKind::checkpoint, std::nullopt,
                 fmt::format("checkpoint {} of {} is not in the form of one", *file.damaged_note, name)});
        return {};
    }

    Result<void> check_entries()
    {
        auto total = count("SELECT count(*) FROM audit_entry");
        if (!total) return total.error();
        report_.entries = *total;
        auto rows = database_.prepare(kEntriesInOrder);
        if (!rows) return rows.error();
        GrowingTree tree;
        NodeColumns nodes(database_);
        while (true) {
            if (!pins_hold_at(tree)) return {};
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) break;
            const StoredEntry stored = stored_entry(*rows);
            const auto fits = fits_at(stored, tree.size());
            if (!fits) return fits.error();
            if (!*fits) return {};
            const auto grown = tree.append(*stored.leaf_hash, [&](const TreeNode& node, const TreeHash& hash) {
                return check_node(nodes, node, hash);
            });
            if (!grown) return grown.error();
            if (progress_ && tree.size() % kEntriesBetweenProgress == 0) progress_(tree.size(), *total);
        }
        return check_end(tree.size(), nodes);
    }

    Result<std::uint64_t> count(std::string_view sql) const
    {
        auto query = database_.prepare(sql);
        if (!query) return query.error();
        if (auto row = query->step(); !row) return row.error();
        return static_cast<std::uint64_t>(query->integer(0));
    }

    /// False, with the offence noted, if the entry is not the one logged as number `expected`.
    Result<bool> fits_at(const StoredEntry& stored, std::uint64_t expected)
    {
        if (stored.number < 0) {
            offend(AuditOffenceKind::not_signed, std::nullopt,
                   fmt::format("an entry is numbered {}; numbers begin with 0", stored.number));
            return false;
        }
        if (stored.entry.seq != expected) {
            offend(AuditOffenceKind::missing, expected,
                   entries_text(expected, stored.entry.seq) + (stored.entry.seq - expected == 1 ? " is" : " are") +
                       " missing");
            return false;
        }
        if (stored.leaf_hash && leaf_hash_as(stored.entry, expected) == *stored.leaf_hash) return true;
        if (auto found = say_where_from(stored, expected); !found) return found.error();
        return false;
    }

    /// An entry does not fit its hash. If it fits under another number it was moved there with its hash.
    Result<void> say_where_from(const StoredEntry& stored, std::uint64_t expected)
    {
        const std::uint64_t numbers = std::max(report_.entries, report_.head ? report_.head->size : std::uint64_t{0});
        for (std::uint64_t seq = 0; stored.leaf_hash && seq < numbers; ++seq) {
            if (leaf_hash_as(stored.entry, seq) != *stored.leaf_hash) continue;
            const auto place = place_of(expected);
            if (!place) return place.error();
            if (*place)
                offend(AuditOffenceKind::reordered, expected,
                       fmt::format("entry {} stands at {}, and entry {} in its place", expected, **place, seq));
            else
                offend(AuditOffenceKind::missing, expected,
                       fmt::format("entry {} is missing, and entry {} stands in its place", expected, seq));
            return {};
        }
        offend(AuditOffenceKind::altered, expected, fmt::format("entry {} was altered", expected));
        return {};
    }

    /// Under which number the entry stands that was logged as `seq`.
    Result<std::optional<std::uint64_t>> place_of(std::uint64_t seq)
    {
        auto rows = database_.prepare(kEntriesInOrder);
        if (!rows) return rows.error();
        while (true) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) return std::optional<std::uint64_t>();
            const StoredEntry stored = stored_entry(*rows);
            if (stored.leaf_hash && leaf_hash_as(stored.entry, seq) == *stored.leaf_hash)
                return std::optional(stored.entry.seq);
        }
    }

    Result<void> check_node(NodeColumns& nodes, const TreeNode& node, const TreeHash& hash)
    {
        if (bad_node_) return {};
        const auto same = nodes.next_is(node, hash);
        if (!same) return same.error();
        if (!*same) bad_node_ = node;
        return {};
    }

    /// Compares the root with every pin of this size; false, with the offence noted, if one does not fit.
    bool pins_hold_at(const GrowingTree& tree)
    {
        for (; next_pin_ < pins_.size() && pins_[next_pin_].note.checkpoint.size == tree.size(); ++next_pin_) {
            const Pin& pin = pins_[next_pin_];
            if (pin.note.checkpoint.root == tree.root()) {
                pinned_ = tree.size();
                continue;
            }
            if (bad_node_) {
                // The entries fit their own hashes, but not the tree that was signed.
                const std::uint64_t begin = bad_node_->ordinal << bad_node_->level;
                offend(AuditOffenceKind::altered, begin,
                       fmt::format("{}: one was altered, or put in place of another, with its hash",
                                   entries_text(begin, begin + (std::uint64_t{1} << bad_node_->level))));
            } else {
                offend(AuditOffenceKind::history, pinned_,
                       fmt::format("{}: one or more are not those that were signed with {} ({})",
                                   entries_text(pinned_, tree.size()), pin.place, pin.note.checkpoint.at));
            }
            return false;
        }
        return true;
    }

    Result<void> check_end(std::uint64_t size, const NodeColumns& nodes)
    {
        const std::uint64_t head_size = report_.head ? report_.head->size : 0;
        if (size < head_size)
            offend(AuditOffenceKind::missing, size,
                   fmt::format("{} at the end: missing", entries_text(size, head_size)));
        else if (size > head_size)
            offend(AuditOffenceKind::not_signed, head_size,
                   fmt::format("{} at the end: no signature covers what was added", entries_text(head_size, size)));
        for (; next_pin_ < pins_.size(); ++next_pin_) {
            const Pin& pin = pins_[next_pin_];
            if (pin.note.checkpoint.size == head_size) continue;  // told of above
            offend(AuditOffenceKind::truncated, size,
                   fmt::format("the log ends at {} entries; {} ({}) counts {}", size, pin.place, pin.note.checkpoint.at,
                               pin.note.checkpoint.size));
            return {};
        }
        if (bad_node_) {
            offend(AuditOffenceKind::tree, bad_node_->ordinal << bad_node_->level,
                   fmt::format("the entries are as signed, but node {} of level {} of the stored tree is not",
                               bad_node_->ordinal, bad_node_->level));
            return {};
        }
        const auto more = nodes.has_more();
        if (!more) return more.error();
        if (*more) offend(AuditOffenceKind::tree, std::nullopt, "the stored tree has nodes that belong to no entry");
        return {};
    }

    /// What the log says last about a document: the hash of its line; empty if removed; nothing if it says nothing.
    Result<std::optional<std::string>> last_said(Statement& latest, const std::string& document)
    {
        const auto row = latest.bind(1, document).step();
        if (!row) return row.error();
        if (!*row) return std::optional<std::string>();
        const std::string what = latest.text(0);
        const auto detail = nlohmann::json::parse(latest.text(1), nullptr, false);
        latest.reset();
        if (what == "document.removed" || !detail.is_object()) return std::optional(std::string());
        const auto hash = detail.find("line_sha256");
        return std::optional(hash != detail.end() && hash->is_string() ? hash->get<std::string>() : std::string());
    }

    Result<Statement> latest_entry() const
    {
        return database_.prepare(
            "SELECT what, detail FROM audit_entry WHERE subject = ? AND (what = 'document.removed' OR "
            "(what GLOB 'document.*' AND detail LIKE '%\"line_sha256\":%')) ORDER BY seq DESC LIMIT 1");
    }

    bool enough_document_offences() const { return document_offences_ >= kMostDocumentOffences; }
    void document_offends(std::string text)
    {
        ++document_offences_;
        offend(AuditOffenceKind::document, std::nullopt, std::move(text));
    }

    /// Each document of the catalog is as the log says.
    Result<void> check_documents()
    {
        auto latest = latest_entry();
        if (!latest) return latest.error();
        auto documents = database_.prepare("SELECT id, line FROM document ORDER BY id");
        if (!documents) return documents.error();
        while (!enough_document_offences()) {
            const auto row = documents->step();
            if (!row) return row.error();
            if (!*row) return {};
            ++report_.documents;
            const std::string id = documents->text(0);
            const auto said = last_said(*latest, id);
            if (!said) return said.error();
            if (!*said)
                document_offends(fmt::format("document {} stands in the catalog, and the log knows nothing of it", id));
            else if ((*said)->empty())
                document_offends(fmt::format("document {} stands in the catalog; the log says it was removed", id));
            else if (**said != sha256_of(documents->text(1)))
                document_offends(fmt::format("document {} was changed in the catalog since its last entry", id));
        }
        return {};
    }

    /// Each document that the log knows stands in the catalog, unless the log says that it was removed.
    Result<void> check_removals()
    {
        auto latest = latest_entry();
        if (!latest) return latest.error();
        auto gone = database_.prepare(
            "SELECT DISTINCT subject FROM audit_entry WHERE what GLOB 'document.*' AND "
            "NOT EXISTS (SELECT 1 FROM document WHERE id = subject)");
        if (!gone) return gone.error();
        while (!enough_document_offences()) {
            const auto row = gone->step();
            if (!row) return row.error();
            if (!*row) return {};
            const std::string id = gone->text(0);
            const auto said = last_said(*latest, id);
            if (!said) return said.error();
            if (*said && !(*said)->empty())
                document_offends(fmt::format("document {} is gone from the catalog, and the log does not say so", id));
        }
        return {};
    }

    const Database& database_;
    const VerifyKey& key_;
    const AuditProgress& progress_;
    AuditReport report_;
    std::vector<Pin> pins_;  ///< by size
    std::size_t next_pin_ = 0;
    std::uint64_t pinned_ = 0;  ///< entries up to here are as signed
    std::optional<TreeNode> bad_node_;
    std::vector<AuditOffence> signature_offences_;
    std::size_t document_offences_ = 0;
};

/// A database that someone has open, or that was copied while someone had, has a write-ahead log beside it.
bool has_write_ahead_log(std::filesystem::path catalog)
{
    std::error_code ignored;
    catalog += "-wal";
    return std::filesystem::exists(catalog, ignored);
}

Result<AuditReport> verify_once(const AuditCopy& copy, const VerifyKey& key, const AuditProgress& progress)
{
    auto database = open_to_read(copy.catalog);
    if (!database) return database.error();
    if (auto begun = database->execute("BEGIN"); !begun) return begun.error();  // one snapshot for all that follows
    auto tables =
        database->prepare("SELECT 1 FROM sqlite_schema WHERE name IN ('audit_entry', 'audit_node', 'audit_head')");
    if (!tables) return tables.error();
    for (int i = 0; i < 3; ++i) {
        const auto row = tables->step();
        if (!row) return row.error();
        if (!*row)
            return Fault{FaultKind::config, kWhere, "the catalog has no audit log: it was made by an older chartlift"};
    }
    return Verification(*database, key, progress).run(copy.checkpoints);
}

}  // namespace

Result<Database> open_to_read(const std::filesystem::path& catalog)
{
    return Database::open(catalog, has_write_ahead_log(catalog) ? OpenMode::read_only : OpenMode::immutable);
}

Result<AuditReport> verify_audit(const AuditCopy& copy, const AuditProgress& progress)
{
    const auto key = VerifyKey::read(copy.verify_key);
    if (!key) return Fault{FaultKind::config, kWhere, "cannot read the verify key", copy.verify_key.string()};
    const bool was_quiet = !has_write_ahead_log(copy.catalog);
    auto report = verify_once(copy, *key, progress);
    // Someone may have begun to write while it was read as a file that nobody writes.
    const bool in_doubt = !report || !report->sound();
    if (was_quiet && in_doubt && has_write_ahead_log(copy.catalog)) return verify_once(copy, *key, progress);
    return report;
}

}  // namespace chartlift::store
