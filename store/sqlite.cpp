// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <cerrno>
#include <limits>

namespace chartlift::store {
namespace {

constexpr int kBusyTimeout_ms = 10'000;  // another process may be committing a large batch
constexpr const char* kWhere = "sqlite";

bool no_room(sqlite3* connection)
{
    const int cause = connection ? sqlite3_system_errno(connection) : 0;
    return cause == ENOSPC || cause == EDQUOT;
}

/// `detail` may quote SQL, never bound values: SQLite's own message is used only where it cannot quote them.
Fault fault_of(sqlite3* connection, int code, std::string_view doing, bool message_is_safe)
{
    const int primary = code & 0xff;
    const bool quotes_no_value = message_is_safe || primary == SQLITE_CONSTRAINT;
    const std::string detail =
        quotes_no_value && connection ? sqlite3_errmsg(connection) : std::string(sqlite3_errstr(code));
    FaultKind kind = FaultKind::store;
    switch (primary) {
        case SQLITE_FULL: kind = FaultKind::disk_full; break;
        case SQLITE_IOERR: kind = no_room(connection) ? FaultKind::disk_full : FaultKind::io; break;
        case SQLITE_ERROR:
        case SQLITE_MISUSE:
        case SQLITE_RANGE: kind = FaultKind::internal; break;
        default: break;
    }
    return {kind, kWhere, fmt::format("cannot {}: {} (sqlite code {})", doing, detail, code)};
}

/// SQLite's URI form of a path: all but letters, digits and a few signs is escaped (RFC 3986 section 2.1).
std::string immutable_uri(const std::filesystem::path& path)
{
    constexpr std::string_view kPlain = "/._-";
    std::string uri = "file:";
    std::error_code ignored;
    for (const char c : std::filesystem::absolute(path, ignored).string()) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              kPlain.find(c) != std::string_view::npos;
        uri += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return uri + "?immutable=1";
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

Statement& Statement::note(int code)
{
    if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
    return *this;
}

Statement& Statement::bind_integer(int index, std::int64_t value)
{
    return note(sqlite3_bind_int64(statement_.get(), index, value));
}

Statement& Statement::bind(int index, double value)
{
    return note(sqlite3_bind_double(statement_.get(), index, value));
}

Statement& Statement::bind(int index, std::string_view value)
{
    // A null pointer would bind NULL; an empty view means the empty string.
    const char* at = value.data() ? value.data() : "";
    // SQLITE_TRANSIENT is a cast of -1 to a function pointer, written by SQLite in the old style.
    const auto copy = reinterpret_cast<sqlite3_destructor_type>(std::intptr_t{-1});
    return note(sqlite3_bind_text64(statement_.get(), index, at, value.size(), copy, SQLITE_UTF8));
}

Statement& Statement::bind(int index, std::nullopt_t)
{
    return note(sqlite3_bind_null(statement_.get(), index));
}

Result<bool> Statement::step()
{
    sqlite3* connection = sqlite3_db_handle(statement_.get());
    if (bind_code_ != SQLITE_OK) return fault_of(nullptr, std::exchange(bind_code_, SQLITE_OK), "bind", false);
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement_.get());
        return false;
    }
    Fault fault = fault_of(connection, sqlite3_extended_errcode(connection), "run a statement", false);
    sqlite3_reset(statement_.get());
    return fault;
}

Result<void> Statement::run()
{
    for (;;) {
        const auto row = step();
        if (!row) return row.error();
        if (!*row) return {};
    }
}

void Statement::reset()
{
    sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const
{
    return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const
{
    const unsigned char* at = sqlite3_column_text(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (!at || size <= 0) return {};
    return {reinterpret_cast<const char*>(at), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const
{
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Closer::operator()(sqlite3* connection) const
{
    sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::filesystem::path& path, OpenMode mode, Files* files)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    switch (mode) {
        case OpenMode::read_only: flags |= SQLITE_OPEN_READONLY; break;
        case OpenMode::immutable: flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI; break;
        case OpenMode::read_write: flags |= SQLITE_OPEN_READWRITE; break;
        case OpenMode::read_write_create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    }
    sqlite3* connection = nullptr;
    const std::string name = mode == OpenMode::immutable ? immutable_uri(path) : path.string();
    const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
    Database database(connection, path, files);
    // Everything that keeps a database from being opened is the store's, whatever SQLite calls it.
    const auto cannot_open = [&](const Fault& fault) {
        const bool full = fault.kind == FaultKind::disk_full;
        return Fault{full ? FaultKind::disk_full : FaultKind::store, fault.where,
                     fmt::format("cannot open {}: {}", path.filename().string(), fault.what)};
    };
    if (code != SQLITE_OK) return cannot_open(fault_of(connection, code, "open", true));
    sqlite3_busy_timeout(connection, kBusyTimeout_ms);
    std::string settings = "PRAGMA foreign_keys=ON;PRAGMA synchronous=FULL;";
    if (mode == OpenMode::read_write || mode == OpenMode::read_write_create) settings += "PRAGMA journal_mode=WAL;";
    // The first read: a file that is no database, or is damaged at its head, shows here and not in mid-run.
    settings += "SELECT count(*) FROM sqlite_schema;";
    if (const auto set = database.execute(settings); !set) return cannot_open(set.error());
    return database;
}

Result<void> Database::execute(const std::string& sql)
{
    const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fault_of(connection_.get(), code, "run SQL", true);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) const
{
    if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("statement is {} bytes; the most is 2147483647", sql.size())};
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return fault_of(connection_.get(), code, "prepare a statement", true);
    return Statement(statement);
}

std::int64_t Database::last_insert_id() const
{
    return sqlite3_last_insert_rowid(connection_.get());
}

std::int64_t Database::changed_rows() const
{
    return sqlite3_changes64(connection_.get());
}

Result<Transaction> Transaction::begin_immediate(Database& database)
{
    if (const auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
    return Transaction(database.connection_.get(), database.files_);
}

Result<void> Transaction::commit()
{
    if (!connection_) return Fault{FaultKind::internal, kWhere, "transaction is already over"};
    const auto work = [this]() -> Result<void> {
        const int code = sqlite3_exec(connection_, "COMMIT", nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) return fault_of(connection_, code, "commit", true);
        connection_ = nullptr;
        return {};
    };
    return files_ ? files_->commit(work) : work();
}

void Transaction::rollback()
{
    if (!connection_) return;
    // A statement that failed may have rolled back by itself; a second ROLLBACK then only says so.
    if (sqlite3_get_autocommit(connection_) == 0) sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
    connection_ = nullptr;
}

}  // namespace chartlift::store
