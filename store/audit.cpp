// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "store/archive.h"

namespace chartlift::store {
namespace {

constexpr const char* kWhere = "audit";
constexpr std::string_view kLeafForm = "chartlift audit entry 1";

std::string now_iso()
{
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                       (now - seconds).count());
}

Fault does_not_fit(std::string_view what)
{
    return {FaultKind::store, kWhere,
            fmt::format("{}; nothing is added to a log that was changed: see chartlift audit verify", what)};
}

/// What stood in the catalog before the log began, so that a later change of it shows too: all documents but those that
/// the first events tell of themselves.
Result<std::vector<AuditEvent>> adopted(const Database& database, const std::vector<AuditEvent>& first_events)
{
    std::set<std::string_view> told;
    for (const AuditEvent& event : first_events) told.insert(event.subject);
    std::vector<AuditEvent> events;
    auto documents = database.prepare("SELECT id, line FROM document ORDER BY id");
    if (!documents) return documents.error();
    while (true) {
        const auto row = documents->step();
        if (!row) return row.error();
        if (!*row) return events;
        if (told.contains(documents->text(0))) continue;
        const nlohmann::json detail{{"line_sha256", sha256_of(documents->text(1))}};
        events.push_back({"document.adopted", documents->text(0), detail.dump()});
    }
}

Result<void> write_pem(Files& files, const std::filesystem::path& path, const Result<std::string>& pem)
{
    if (!pem) return pem.error();
    return replace_file(files, path, *pem);
}

class EntryWriter {
public:
    static Result<EntryWriter> on(const Database& database)
    {
        auto entry = database.prepare("INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, CAST(? AS BLOB))");
        if (!entry) return entry.error();
        auto node = database.prepare("INSERT INTO audit_node VALUES (?, ?, CAST(? AS BLOB))");
        if (!node) return node.error();
        return EntryWriter(std::move(*entry), std::move(*node));
    }

    Result<void> write(const AuditEntry& entry, GrowingTree& tree)
    {
        const TreeHash leaf = hash_of_leaf(leaf_of(entry));
        const auto written = entry_.bind(1, entry.seq)
                                 .bind(2, entry.at)
                                 .bind(3, entry.actor)
                                 .bind(4, entry.what)
                                 .bind(5, entry.subject)
                                 .bind(6, entry.detail)
                                 .bind(7, bytes_of(leaf))
                                 .run();
        if (!written) return written.error();
        return tree.append(leaf, [this](const TreeNode& node, const TreeHash& hash) {
            return node_.bind(1, node.level).bind(2, node.ordinal).bind(3, bytes_of(hash)).run();
        });
    }

private:
    EntryWriter(Statement entry, Statement node) : entry_(std::move(entry)), node_(std::move(node)) {}
    Statement entry_;
    Statement node_;
};

AuditEntry entry_from(const Statement& row)
{
    return {
        static_cast<std::uint64_t>(row.integer(0)), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

}  // namespace

Files& CatalogAccess::files_or_real() const
{
    static PosixFiles real;  // has no state
    return files ? *files : real;
}

Actor actor_of(std::string_view command)
{
    constexpr std::size_t kRoom_bytes = 16384;
    std::vector<char> room(kRoom_bytes);
    passwd account{};
    passwd* found = nullptr;
    const uid_t id = ::geteuid();
    const bool has_name = ::getpwuid_r(id, &account, room.data(), room.size(), &found) == 0 && found;
    return {fmt::format("{}:{}", command, has_name ? std::string(account.pw_name) : std::to_string(id))};
}

std::string leaf_of(const AuditEntry& entry)
{
    std::string leaf;
    const auto add = [&leaf](std::string_view text) { leaf += fmt::format("{}:{},", text.size(), text); };
    add(kLeafForm);
    add(std::to_string(entry.seq));
    for (const std::string* column : {&entry.at, &entry.actor, &entry.what, &entry.subject, &entry.detail})
        add(*column);
    return leaf;
}

AuditFiles AuditFiles::beside(const std::filesystem::path& catalog)
{
    const auto folder = catalog.parent_path() / "audit";
    return {folder / "signing_key.pem", folder / "verify_key.pem", folder / "checkpoints"};
}

AuditTrail::AuditTrail(const std::filesystem::path& catalog, Actor actor, Files& files)
    : places_(AuditFiles::beside(catalog)), actor_(std::move(actor)), files_(files)
{
}

/// Called under the database's write lock, so that two processes never make a key each.
Result<void> AuditTrail::load_key(bool may_make)
{
    if (key_) return {};
    std::error_code ignored;
    const bool has_public_half = std::filesystem::exists(places_.verify_key, ignored);
    const bool has_key = std::filesystem::exists(places_.signing_key, ignored);
    // The signing key is written first, so whoever has the public half had the other too.
    if (!has_key && (!may_make || has_public_half))
        return Fault{FaultKind::config, kWhere, "the signing key is missing; put it back from its copy",
                     places_.signing_key.string()};
    auto key = has_key ? SigningKey::read(places_.signing_key) : SigningKey::generate();
    if (!key) return key.error();
    if (!has_key)
        if (auto written = write_pem(files_, places_.signing_key, key->pem()); !written) return written;
    if (!has_public_half)
        if (auto written = write_pem(files_, places_.verify_key, key->verify_key().pem()); !written) return written;
    key_ = std::move(*key);
    return {};
}

/// The tree as stored, once it is certain that the stored peaks are those that were signed.
Result<GrowingTree> AuditTrail::tree_to_extend(Database& database)
{
    const auto head = read_head(database);
    if (!head) return head.error();
    if (auto loaded = load_key(!head->has_value()); !loaded) return loaded.error();
    if (!*head) return GrowingTree();
    if (check_note(**head, key_->verify_key()) != NoteCheck::sound)
        return does_not_fit("the log's head is not signed with this key");
    const Checkpoint& checkpoint = (*head)->checkpoint;
    const ReadNode read = node_reader(database);
    std::vector<TreeHash> peaks;
    for (const TreeNode& node : peaks_of(checkpoint.size)) {
        const auto hash = read(node);
        if (!hash) return hash.error();
        peaks.push_back(*hash);
    }
    GrowingTree tree(checkpoint.size, std::move(peaks));
    if (tree.root() != checkpoint.root) return does_not_fit("the log does not fit its signed head");
    return tree;
}

Result<void> AuditTrail::append(Database& database, const std::vector<AuditEvent>& events)
{
    if (events.empty()) return {};
    auto tree = tree_to_extend(database);
    if (!tree) return tree.error();
    auto all = tree->size() == 0 ? adopted(database, events) : std::vector<AuditEvent>();
    if (!all) return all.error();
    all->insert(all->end(), events.begin(), events.end());

    auto writer = EntryWriter::on(database);
    if (!writer) return writer.error();
    const std::string at = now_iso();
    for (const AuditEvent& event : *all) {
        const AuditEntry entry{tree->size(), at, actor_.name, event.what, event.subject, event.detail};
        if (auto written = writer->write(entry, *tree); !written) return written;
    }
    const auto note = signed_note({tree->size(), tree->root(), at}, *key_);
    if (!note) return note.error();
    auto head = database.prepare("INSERT OR REPLACE INTO audit_head VALUES (1, ?)");
    if (!head) return head.error();
    size_ = tree->size();
    return head->bind(1, *note).run();
}

Result<void> AuditTrail::commit(Database& database, Transaction& transaction, const std::vector<AuditEvent>& events)
{
    if (auto appended = append(database, events); !appended) return appended;
    if (auto committed = transaction.commit(); !committed) return committed;
    if (events.empty()) return {};
    if (!checkpointed_) {
        const auto newest = newest_in_file();
        if (!newest) return {};
        checkpointed_ = *newest;
    }
    if (*checkpointed_ == 0 || size_ >= *checkpointed_ + kCheckpointEvery) (void)write_checkpoint(database);
    return {};
}

Result<std::uint64_t> AuditTrail::newest_in_file() const
{
    const auto text = read_checkpoint_text(places_.checkpoints);
    if (!text) return text.error();
    const CheckpointFile file = parse_checkpoints(*text);
    return file.notes.empty() ? 0 : file.notes.back().checkpoint.size;
}

Result<std::string> AuditTrail::write_checkpoint(Database& database)
{
    const auto turn = Transaction::begin_immediate(database);
    if (!turn) return turn.error();
    const auto head = read_head(database);
    if (!head) return head.error();
    if (!*head) return Fault{FaultKind::config, kWhere, "the audit log has no entry yet"};
    auto text = read_checkpoint_text(places_.checkpoints);
    if (!text) return text.error();
    const CheckpointFile file = parse_checkpoints(*text);
    if (file.damaged_note) return does_not_fit(fmt::format("checkpoint {} is damaged", *file.damaged_note));
    const std::string& note = (*head)->text;
    const std::uint64_t size = (*head)->checkpoint.size;
    const std::uint64_t known = file.notes.empty() ? 0 : file.notes.back().checkpoint.size;
    if (known > size) return does_not_fit(fmt::format("the log has {} entries; its checkpoints know {}", size, known));
    if (known < size) {
        text->resize(file.sound_bytes);
        if (auto written = replace_file(files_, places_.checkpoints, *text + note); !written) return written.error();
    }
    checkpointed_ = size;
    return note;
}

Result<std::optional<SignedNote>> read_head(const Database& database)
{
    auto query = database.prepare("SELECT note FROM audit_head UNION ALL SELECT '' FROM audit_entry LIMIT 1");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return std::optional<SignedNote>();
    auto note = parse_note(query->text(0));
    if (!note) return does_not_fit("the log has entries and no signed head");
    return note;
}

ReadNode node_reader(const Database& database)
{
    struct Statements {
        Result<Statement> leaf;
        Result<Statement> node;
    };
    const auto statements = std::make_shared<Statements>(
        Statements{database.prepare("SELECT leaf_hash FROM audit_entry WHERE seq = ?"),
                   database.prepare("SELECT hash FROM audit_node WHERE ordinal = ? AND level = ?")});
    return [statements](const TreeNode& node) -> Result<TreeHash> {
        Result<Statement>& statement = node.level == 0 ? statements->leaf : statements->node;
        if (!statement) return statement.error();
        statement->bind(1, node.ordinal);
        if (node.level > 0) statement->bind(2, node.level);
        const auto row = statement->step();
        if (!row) return row.error();
        const auto hash = *row ? hash_from_bytes(statement->text(0)) : std::nullopt;
        statement->reset();
        if (!hash) return does_not_fit(fmt::format("node {} of level {} is missing", node.ordinal, node.level));
        return *hash;
    };
}

Result<std::vector<AuditEntry>> find_entries(const Database& database, const AuditQuery& query)
{
    const std::string_view which = query.subject.empty() ? "at >= ?1" : "at >= ?1 AND subject = ?3";
    auto rows = database.prepare(fmt::format(
        "SELECT seq, at, actor, what, subject, detail FROM audit_entry WHERE {} ORDER BY seq DESC LIMIT ?2", which));
    if (!rows) return rows.error();
    rows->bind(1, query.since).bind(2, query.limit);
    if (!query.subject.empty()) rows->bind(3, query.subject);
    std::vector<AuditEntry> entries;
    while (true) {
        const auto row = rows->step();
        if (!row) return row.error();
        if (!*row) break;
        entries.push_back(entry_from(*rows));
    }
    std::reverse(entries.begin(), entries.end());
    return entries;
}

Result<std::string> proof_json(const Database& database, std::uint64_t seq)
{
    const auto head = read_head(database);
    if (!head) return head.error();
    const std::uint64_t size = *head ? (*head)->checkpoint.size : 0;
    const auto path = inclusion_proof(seq, size, node_reader(database));
    if (!path) return path.error();
    auto row = database.prepare("SELECT seq, at, actor, what, subject, detail FROM audit_entry WHERE seq = ?");
    if (!row) return row.error();
    const auto found = row->bind(1, seq).step();
    if (!found) return found.error();
    if (!*found) return does_not_fit(fmt::format("entry {} is missing", seq));
    const std::string leaf = leaf_of(entry_from(*row));

    nlohmann::ordered_json json{{"index", seq},
                                {"size", size},
                                {"leaf", leaf},
                                {"leaf_hash", to_hex(hash_of_leaf(leaf))},
                                {"path", nlohmann::ordered_json::array()},
                                {"checkpoint", (*head)->text}};
    for (const TreeHash& hash : *path) json["path"].push_back(to_hex(hash));
    constexpr int kIndent = 2;
    return json.dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace chartlift::store
