// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite_intake_ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "store/migrations.h"
#include "store/sqlite.h"

namespace chartlift::store {
namespace {

constexpr const char* kWhere = "intake ledger";

struct StateName {
    ArrivalState state;
    std::string_view name;
};
constexpr std::array kStateNames{
    StateName{ArrivalState::taken, "taken"},         StateName{ArrivalState::recorded, "recorded"},
    StateName{ArrivalState::duplicate, "duplicate"}, StateName{ArrivalState::quarantined, "quarantined"},
    StateName{ArrivalState::discarded, "discarded"},
};

Fault refused(std::string what)
{
    return {FaultKind::config, kWhere, std::move(what)};
}

Fault unknown_arrival(std::int64_t id)
{
    return refused(fmt::format("there is no arrival {}", id));
}

std::int64_t now_ms()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

template <class... Values>
Result<Statement> bound(const Database& database, std::string_view sql, const Values&... values)
{
    auto statement = database.prepare(sql);
    if (!statement) return statement;
    int index = 0;
    (statement->bind(++index, values), ...);
    return statement;
}

template <class... Values>
Result<void> run(const Database& database, std::string_view sql, const Values&... values)
{
    auto statement = bound(database, sql, values...);
    if (!statement) return statement.error();
    return statement->run();
}

// File names are bound as text and cast, since they are any bytes; the cast keeps every byte.
constexpr std::string_view kInsertArrival = R"sql(
INSERT INTO arrival(inbox, batch_class, priority, name, batch_id, state, attempts, duplicate_of, taken_ms, changed_ms)
VALUES (?1, ?2, ?3, CAST(?4 AS BLOB), ?5, ?6, ?7, ?8, ?9, ?9))sql";
constexpr std::string_view kInsertFile = R"sql(
INSERT INTO arrival_file(arrival, ordinal, name, device, inode, size_bytes, modified_ns, sha256, bytes, moved, stays)
VALUES (?1, ?2, CAST(?3 AS BLOB), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))sql";
// The condition on the state is the unique index's own, word for word, so that SQLite uses it.
constexpr std::string_view kSelectByContent =
    "SELECT id FROM arrival WHERE batch_id = ? AND state IN ('taken', 'recorded', 'quarantined') AND batch_id != ''";
constexpr std::string_view kSelectTakenFile = R"sql(
SELECT f.arrival, f.ordinal FROM arrival_file f JOIN arrival a ON a.id = f.arrival
WHERE f.moved = 0 AND f.inode = ?1 AND f.device = ?2 AND f.size_bytes = ?3 AND f.modified_ns = ?4
  AND f.name = CAST(?5 AS BLOB) AND a.inbox = ?6
ORDER BY f.arrival DESC LIMIT 1)sql";
constexpr std::string_view kSelectArrival = R"sql(
SELECT id, inbox, batch_class, priority, name, batch_id, state, attempts, redo, fault_kind, fault_where, fault_what,
       fault_file, duplicate_of, strftime('%Y-%m-%dT%H:%M:%SZ', taken_ms / 1000, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%SZ', changed_ms / 1000, 'unixepoch')
FROM arrival )sql";
constexpr std::string_view kFileColumns = "name, device, inode, size_bytes, modified_ns, sha256, bytes, moved";

Arrival arrival_from(const Statement& row)
{
    Arrival out;
    out.id = row.integer(0);
    out.inbox = row.text(1);
    out.batch_class = row.text(2);
    out.priority = static_cast<int>(row.integer(3));
    out.name = row.text(4);
    out.batch_id = row.text(5);
    out.state = arrival_state_from(row.text(6)).value_or(ArrivalState::taken);
    out.attempts = static_cast<int>(row.integer(7));
    out.redo = row.integer(8) != 0;
    if (!row.is_null(9))
        out.fault =
            Fault{fault_kind_from(row.text(9)).value_or(FaultKind::internal), row.text(10), row.text(11), row.text(12)};
    if (!row.is_null(13)) out.duplicate_of = row.integer(13);
    out.taken_at = row.text(14);
    out.changed_at = row.text(15);
    return out;
}

/// Reads kFileColumns, the first of which is column `first`.
ArrivedFile file_from(const Statement& row, int first)
{
    return {row.text(first),
            {static_cast<std::uint64_t>(row.integer(first + 1)), static_cast<std::uint64_t>(row.integer(first + 2)),
             row.integer(first + 3), row.integer(first + 4)},
            row.text(first + 5),
            static_cast<std::uint64_t>(row.integer(first + 6)),
            row.integer(first + 7) != 0};
}

/// Names of files stay out of it; the inbox's name is the configuration's.
AuditEvent event_of(const Arrival& arrival, std::string_view action, const std::optional<Fault>& fault)
{
    nlohmann::ordered_json detail{{"inbox", arrival.inbox},
                                  {"batch_id", arrival.batch_id},
                                  {"files", arrival.files.size()},
                                  {"attempt", arrival.attempts}};
    if (arrival.duplicate_of) detail["duplicate_of"] = *arrival.duplicate_of;
    if (fault) detail["fault"] = to_string(fault->kind);
    return {fmt::format("arrival.{}", action), fmt::format("arrival:{}", arrival.id),
            detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

class SqliteIntakeLedger final : public IntakeLedger {
public:
    SqliteIntakeLedger(Database database, AuditTrail trail) : database_(std::move(database)), trail_(std::move(trail))
    {
    }

    Result<std::vector<Arrival>> take(std::span<const NewArrival> arrivals) override
    {
        std::vector<Arrival> out;
        const auto done = change([&](Events& events) -> Result<void> {
            for (const NewArrival& arrival : arrivals) {
                auto stored = take_one(arrival, events);
                if (!stored) return stored.error();
                out.push_back(std::move(*stored));
            }
            return {};
        });
        if (!done) return done.error();
        return out;
    }

    Result<std::optional<TakenFile>> find_taken(std::string_view inbox, std::string_view name,
                                                const FileIdentity& identity) override
    {
        const std::scoped_lock lock(mutex_);
        return find_file(inbox, name, identity);
    }

    Result<std::vector<UnmovedFile>> not_yet_moved() override
    {
        const std::scoped_lock lock(mutex_);
        auto rows = database_.prepare(R"sql(
SELECT f.arrival, f.ordinal, a.inbox, f.name, f.device, f.inode, f.size_bytes, f.modified_ns, f.sha256, f.bytes, f.moved
FROM arrival_file f JOIN arrival a ON a.id = f.arrival
WHERE f.moved = 0 AND f.stays = 0 ORDER BY f.arrival, f.ordinal)sql");
        if (!rows) return rows.error();
        std::vector<UnmovedFile> out;
        for (;;) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) return out;
            out.push_back(
                {{rows->integer(0), static_cast<std::size_t>(rows->integer(1))}, rows->text(2), file_from(*rows, 3)});
        }
    }

    Result<void> mark_moved(std::span<const TakenFile> files) override
    {
        return change([&](Events& /*none*/) -> Result<void> {
            for (const TakenFile& file : files) {
                auto done = run(database_, "UPDATE arrival_file SET moved = 1 WHERE arrival = ? AND ordinal = ?",
                                file.arrival, file.ordinal);
                if (!done) return done;
                if (database_.changed_rows() == 0)
                    return Fault{FaultKind::internal, kWhere,
                                 fmt::format("arrival {} has no file {}", file.arrival, file.ordinal)};
            }
            return {};
        });
    }

    Result<std::vector<Arrival>> heads(std::span<const std::int64_t> in_flight, std::size_t per_inbox) override
    {
        const std::scoped_lock lock(mutex_);
        auto inboxes = waiting_inboxes();
        if (!inboxes) return inboxes.error();
        struct Head {
            Arrival arrival;
            std::size_t rank;  ///< among its inbox's heads
        };
        std::vector<Head> heads;
        for (const std::string& inbox : *inboxes) {
            auto ids = oldest_waiting(inbox, in_flight, per_inbox);
            if (!ids) return ids.error();
            for (std::size_t rank = 0; rank < ids->size(); ++rank) {
                auto arrival = read_known((*ids)[rank]);
                if (!arrival) return arrival.error();
                heads.push_back({std::move(*arrival), rank});
            }
        }
        std::sort(heads.begin(), heads.end(), [](const Head& a, const Head& b) {
            return std::tuple(-a.arrival.priority, a.rank, a.arrival.id) <
                   std::tuple(-b.arrival.priority, b.rank, b.arrival.id);
        });
        std::vector<Arrival> out;
        out.reserve(heads.size());
        for (Head& head : heads) out.push_back(std::move(head.arrival));
        return out;
    }

    Result<void> finish(std::int64_t id, ArrivalState state, const std::optional<Fault>& fault) override
    {
        const bool allowed = state == ArrivalState::recorded || (state == ArrivalState::quarantined && fault);
        if (!allowed)
            return Fault{FaultKind::internal, kWhere,
                         fmt::format("arrival {} cannot end as {} {} fault", id, to_string(state),
                                     fault ? "with a" : "without a")};
        return change([&](Events& events) -> Result<void> {
            auto arrival = read_known(id);
            if (!arrival) return arrival.error();
            if (arrival->state == state) return {};
            if (arrival->state != ArrivalState::taken)
                return Fault{FaultKind::internal, kWhere,
                             fmt::format("arrival {} is {}, and cannot become {}", id, to_string(arrival->state),
                                         to_string(state))};
            if (auto done = enter(id, state); !done) return done;
            if (auto done = set_fault(id, fault); !done) return done;
            events.push_back(event_of(*arrival, to_string(state), fault));
            return {};
        });
    }

    Result<void> retry(std::int64_t id) override
    {
        return change([&](Events& events) -> Result<void> {
            auto arrival = read_known(id);
            if (!arrival) return arrival.error();
            switch (arrival->state) {
                case ArrivalState::quarantined: break;
                case ArrivalState::recorded:
                    if (arrival->fault) break;
                    return refused(fmt::format("arrival {} is recorded without a fault: nothing to retry", id));
                case ArrivalState::taken: return refused(fmt::format("arrival {} is waiting already", id));
                case ArrivalState::duplicate:
                    return refused(fmt::format("arrival {} is a duplicate of arrival {}: retry that one", id,
                                               arrival->duplicate_of.value_or(0)));
                case ArrivalState::discarded:
                    return refused(fmt::format("arrival {} was discarded: put its original into the inbox again", id));
            }
            return queue_again(*arrival, "retried", events);
        });
    }

    Result<void> release(std::int64_t id) override
    {
        return change([&](Events& events) -> Result<void> {
            auto arrival = read_quarantined(id, "released");
            if (!arrival) return arrival.error();
            return queue_again(*arrival, "released", events);
        });
    }

    Result<void> discard(std::int64_t id) override
    {
        return change([&](Events& events) -> Result<void> {
            auto arrival = read_quarantined(id, "discarded");
            if (!arrival) return arrival.error();
            if (auto done = enter(id, ArrivalState::discarded); !done) return done;
            events.push_back(event_of(*arrival, "discarded", arrival->fault));
            return {};
        });
    }

    Result<void> request_drain(bool wanted) override
    {
        return change([&](Events& events) -> Result<void> {
            auto done = run(database_, "UPDATE intake_request SET drain = ?1 WHERE drain != ?1", wanted ? 1 : 0);
            if (!done || database_.changed_rows() == 0) return done;
            events.push_back({"intake.drain", "", nlohmann::json{{"wanted", wanted}}.dump()});
            return {};
        });
    }

    Result<bool> drain_requested() override
    {
        const std::scoped_lock lock(mutex_);
        auto row = database_.prepare("SELECT drain FROM intake_request");
        if (!row) return row.error();
        if (auto found = row->step(); !found) return found.error();
        return row->integer(0) != 0;
    }

    Result<Depths> depths() override
    {
        const std::scoped_lock lock(mutex_);
        auto rows = database_.prepare(R"sql(
SELECT inbox, sum(count) FILTER (WHERE state = 'taken'), sum(count) FILTER (WHERE state = 'recorded'),
       sum(count) FILTER (WHERE state = 'duplicate'), sum(count) FILTER (WHERE state = 'quarantined'),
       sum(count) FILTER (WHERE state = 'discarded'),
       (SELECT min(changed_ms) FROM arrival a WHERE a.state = 'taken' AND a.inbox = c.inbox)
FROM arrival_count c GROUP BY inbox ORDER BY inbox)sql");
        if (!rows) return rows.error();
        Depths out;
        for (;;) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) return out;
            InboxDepth depth{rows->text(0),    rows->integer(1), rows->integer(2), rows->integer(3),
                             rows->integer(4), rows->integer(5), std::nullopt};
            if (!rows->is_null(6)) depth.oldest_waiting_since.emplace(std::chrono::milliseconds(rows->integer(6)));
            out.push_back(std::move(depth));
        }
    }

    Result<std::vector<Arrival>> list(const ArrivalFilter& filter) override
    {
        const std::scoped_lock lock(mutex_);
        std::string sql = std::string(kSelectArrival) + "WHERE id > ?1";
        if (filter.state) sql += " AND state = ?3";
        // The first half is the partial index's condition.
        if (filter.retryable) sql += " AND fault_kind IS NOT NULL AND state IN ('recorded', 'quarantined')";
        auto rows = bound(database_, sql + " ORDER BY id LIMIT ?2", filter.after_id, filter.limit);
        if (!rows) return rows.error();
        if (filter.state) rows->bind(3, to_string(*filter.state));
        std::vector<Arrival> out;
        for (;;) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) break;
            out.push_back(arrival_from(*rows));
        }
        for (Arrival& arrival : out)
            if (auto read = read_files(arrival); !read) return read.error();
        return out;
    }

    Result<std::optional<Arrival>> find(std::int64_t id) override
    {
        const std::scoped_lock lock(mutex_);
        return find_arrival(id);
    }

private:
    using Events = std::vector<AuditEvent>;

    /// One transaction with its audit entries, which `work` gathers; nothing of it stays if any of it fails.
    Result<void> change(const std::function<Result<void>(Events&)>& work)
    {
        const std::scoped_lock lock(mutex_);
        auto transaction = Transaction::begin_immediate(database_);
        if (!transaction) return transaction.error();
        Events events;
        if (auto done = work(events); !done) return done;
        return trail_.commit(database_, *transaction, events);
    }

    Result<Arrival> take_one(const NewArrival& arrival, Events& events)
    {
        if (arrival.files.empty())
            return Fault{FaultKind::internal, kWhere, "an arrival has 0 files; at least 1 is required"};
        auto before = same_arrival(arrival);
        if (!before) return before.error();
        if (*before) return std::move(**before);
        auto first = first_of_content(arrival.batch_id);
        if (!first) return first.error();
        const ArrivalState state = *first ? ArrivalState::duplicate : ArrivalState::taken;
        const int attempts = *first ? 0 : 1;
        auto done = run(database_, kInsertArrival, arrival.inbox, arrival.batch_class, arrival.priority, arrival.name,
                        arrival.batch_id, to_string(state), attempts, *first, now_ms());
        if (!done) return done.error();
        const std::int64_t id = database_.last_insert_id();
        if (done = insert_files(id, arrival); !done) return done.error();
        if (arrival.fault && state == ArrivalState::taken)
            if (done = set_fault(id, arrival.fault); !done) return done.error();
        auto stored = read_known(id);
        if (stored) events.push_back(event_of(*stored, to_string(state), std::nullopt));
        return stored;
    }

    Result<void> insert_files(std::int64_t id, const NewArrival& arrival)
    {
        auto insert = database_.prepare(kInsertFile);
        if (!insert) return insert.error();
        for (std::size_t ordinal = 0; ordinal < arrival.files.size(); ++ordinal) {
            const ArrivedFile& file = arrival.files[ordinal];
            insert->bind(1, id).bind(2, ordinal).bind(3, file.name).bind(4, file.identity.device);
            insert->bind(5, file.identity.inode).bind(6, file.identity.size_bytes).bind(7, file.identity.modified_ns);
            insert->bind(8, file.sha256).bind(9, file.bytes).bind(10, file.moved ? 1 : 0);
            insert->bind(11, arrival.originals_stay ? 1 : 0);
            if (auto done = insert->run(); !done) return done;
        }
        return {};
    }

    /// The earlier arrival of these very files with this very content, if their originals are still in the inbox.
    Result<std::optional<Arrival>> same_arrival(const NewArrival& arrival)
    {
        const ArrivedFile& file = arrival.files.front();
        auto found = find_file(arrival.inbox, file.name, file.identity);
        if (!found) return found.error();
        if (!*found) return std::optional<Arrival>();
        auto earlier = read_known((*found)->arrival);
        if (!earlier) return earlier.error();
        const bool same = earlier->name == arrival.name && earlier->batch_id == arrival.batch_id;
        return same ? std::optional(std::move(*earlier)) : std::nullopt;
    }

    Result<std::optional<std::int64_t>> first_of_content(const std::string& batch_id)
    {
        auto row = bound(database_, kSelectByContent, batch_id);
        if (!row) return row.error();
        const auto found = row->step();
        if (!found) return found.error();
        return *found ? std::optional(row->integer(0)) : std::nullopt;
    }

    Result<std::optional<TakenFile>> find_file(std::string_view inbox, std::string_view name,
                                               const FileIdentity& identity)
    {
        auto row = bound(database_, kSelectTakenFile, identity.inode, identity.device, identity.size_bytes,
                         identity.modified_ns, name, inbox);
        if (!row) return row.error();
        const auto found = row->step();
        if (!found) return found.error();
        if (!*found) return std::optional<TakenFile>();
        return std::optional(TakenFile{row->integer(0), static_cast<std::size_t>(row->integer(1))});
    }

    Result<std::vector<std::string>> waiting_inboxes()
    {
        auto rows = database_.prepare("SELECT inbox FROM arrival_count WHERE state = 'taken' AND count > 0");
        if (!rows) return rows.error();
        std::vector<std::string> out;
        for (;;) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) return out;
            out.push_back(rows->text(0));
        }
    }

    Result<std::vector<std::int64_t>> oldest_waiting(const std::string& inbox, std::span<const std::int64_t> in_flight,
                                                     std::size_t most)
    {
        auto rows = bound(database_, "SELECT id FROM arrival WHERE state = 'taken' AND inbox = ? ORDER BY id", inbox);
        if (!rows) return rows.error();
        std::vector<std::int64_t> out;
        while (out.size() < most) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) break;
            const std::int64_t id = rows->integer(0);
            if (std::find(in_flight.begin(), in_flight.end(), id) == in_flight.end()) out.push_back(id);
        }
        return out;
    }

    Result<std::optional<Arrival>> find_arrival(std::int64_t id)
    {
        auto row = bound(database_, std::string(kSelectArrival) + "WHERE id = ?", id);
        if (!row) return row.error();
        const auto found = row->step();
        if (!found) return found.error();
        if (!*found) return std::optional<Arrival>();
        Arrival arrival = arrival_from(*row);
        if (auto read = read_files(arrival); !read) return read.error();
        return std::optional(std::move(arrival));
    }

    Result<Arrival> read_known(std::int64_t id)
    {
        auto arrival = find_arrival(id);
        if (!arrival) return arrival.error();
        if (!*arrival) return unknown_arrival(id);
        return std::move(**arrival);
    }

    Result<void> read_files(Arrival& arrival)
    {
        auto rows = bound(database_,
                          fmt::format("SELECT {} FROM arrival_file WHERE arrival = ? ORDER BY ordinal", kFileColumns),
                          arrival.id);
        if (!rows) return rows.error();
        for (;;) {
            const auto row = rows->step();
            if (!row) return row.error();
            if (!*row) return {};
            arrival.files.push_back(file_from(*rows, 0));
        }
    }

    Result<Arrival> read_quarantined(std::int64_t id, std::string_view wanted)
    {
        auto arrival = read_known(id);
        if (!arrival || arrival->state == ArrivalState::quarantined) return arrival;
        return refused(
            fmt::format("arrival {} is {}: only a quarantined one can be {}", id, to_string(arrival->state), wanted));
    }

    Result<void> queue_again(Arrival arrival, std::string_view action, Events& events)
    {
        if (auto done = enter(arrival.id, ArrivalState::taken); !done) return done;
        auto done = run(database_, "UPDATE arrival SET redo = 1, attempts = attempts + 1 WHERE id = ?", arrival.id);
        if (!done) return done;
        ++arrival.attempts;
        events.push_back(event_of(arrival, action, std::nullopt));
        return {};
    }

    Result<void> enter(std::int64_t id, ArrivalState state)
    {
        return run(database_, "UPDATE arrival SET state = ?, redo = 0, changed_ms = ? WHERE id = ?", to_string(state),
                   now_ms(), id);
    }

    Result<void> set_fault(std::int64_t id, const std::optional<Fault>& fault)
    {
        const Fault shown = fault.value_or(Fault{});
        const auto kind = fault ? std::optional(to_string(fault->kind)) : std::nullopt;
        return run(database_,
                   "UPDATE arrival SET fault_kind = ?, fault_where = ?, fault_what = ?, fault_file = CAST(? AS BLOB) "
                   "WHERE id = ?",
                   kind, shown.where, shown.what, shown.file, id);
    }

    std::mutex mutex_;
    Database database_;
    AuditTrail trail_;
};

}  // namespace

std::string_view to_string(ArrivalState state)
{
    for (const auto& entry : kStateNames)
        if (entry.state == state) return entry.name;
    return "unknown";
}

std::optional<ArrivalState> arrival_state_from(std::string_view text)
{
    for (const auto& entry : kStateNames)
        if (entry.name == text) return entry.state;
    return std::nullopt;
}

Result<std::unique_ptr<IntakeLedger>> open_sqlite_intake_ledger(const std::filesystem::path& path,
                                                                const CatalogAccess& access,
                                                                std::chrono::milliseconds patience)
{
    Files& files = access.files_or_real();
    auto database = Database::open(path, OpenMode::read_write_create, &files);
    if (!database) return database.error();
    auto set = database->execute(fmt::format("PRAGMA busy_timeout = {}", patience.count()));
    if (!set) return set.error();
    if (auto migrated = migrate(*database); !migrated) return migrated.error();
    return std::unique_ptr<IntakeLedger>(
        std::make_unique<SqliteIntakeLedger>(std::move(*database), AuditTrail(path, access.actor, files)));
}

}  // namespace chartlift::store
