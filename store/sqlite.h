// SPDX-License-Identifier: GPL-3.0-or-later
/// SQLite with owners and faults as values; the only header of the house over SQLite's C interface.
/// Guarantee: a database opened for writing runs in WAL mode with foreign keys on, synchronous=FULL (a committed
/// transaction survives a power cut) and a busy timeout of 10 s; a Transaction that was not committed is rolled back.
/// Faults: store (cannot open, locked, damaged, not a database, constraint), disk_full (SQLITE_FULL, or an I/O error
/// whose cause is no room), io (other I/O errors), internal (wrong SQL or parameter). Messages hold no bound value.
/// Thread-safety: one connection, with its statements, is used by one thread at a time; many connections may stand
/// open on one file. Statements and transactions must not outlive their Database (moving the Database is fine).
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/fault.h"
#include "store/files.h"

struct sqlite3;
struct sqlite3_stmt;

namespace chartlift::store {

/// immutable: read_only of a file that nobody writes and beside which nothing may be written, as on a read-only medium;
/// what a write-ahead log beside it holds is not seen.
enum class OpenMode { read_only, immutable, read_write, read_write_create };

/// A prepared statement: bind 1-based parameters, step through the rows, read 0-based columns.
class Statement {
public:
    /// A binding that fails is remembered and reported by the next step().
    template <std::integral T>
    Statement& bind(int index, T value)
    {
        return bind_integer(index, static_cast<std::int64_t>(value));
    }
    Statement& bind(int index, double value);
    Statement& bind(int index, std::string_view value);  ///< copied
    Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
    Statement& bind(int index, const std::string& value) { return bind(index, std::string_view(value)); }
    Statement& bind(int index, std::nullopt_t);
    template <class T>
    Statement& bind(int index, const std::optional<T>& value)
    {
        return value ? bind(index, *value) : bind(index, std::nullopt);
    }

    Result<bool> step();  ///< true: a row stands ready; false: done, and the statement is reset for the next run
    Result<void> run();   ///< steps to the end, for statements whose rows nobody reads
    void reset();         ///< ready to run again; bindings stay

    // Columns of the row that step() announced; a null reads as 0 or "".
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    bool is_null(int column) const;

private:
    friend class Database;
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    Statement& bind_integer(int index, std::int64_t value);
    Statement& note(int code);
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
    int bind_code_ = 0;  ///< the first binding that failed, as SQLite's code
};

class Database {
public:
    /// `files`, where given, sees every commit as one of its steps; it must outlive the Database.
    static Result<Database> open(const std::filesystem::path& path, OpenMode mode = OpenMode::read_write_create,
                                 Files* files = nullptr);

    Result<void> execute(const std::string& sql);  ///< one or more statements without parameters
    Result<Statement> prepare(std::string_view sql) const;
    std::int64_t last_insert_id() const;
    std::int64_t changed_rows() const;  ///< by the last INSERT, UPDATE or DELETE
    const std::filesystem::path& path() const { return path_; }

private:
    friend class Transaction;
    struct Closer {
        void operator()(sqlite3* connection) const;
    };
    Database(sqlite3* connection, std::filesystem::path path, Files* files)
        : connection_(connection), path_(std::move(path)), files_(files)
    {
    }
    std::unique_ptr<sqlite3, Closer> connection_;
    std::filesystem::path path_;
    Files* files_;  ///< may be null
};

/// BEGIN IMMEDIATE: takes the write lock at once, so that a later statement cannot fail for want of it.
class Transaction {
public:
    static Result<Transaction> begin_immediate(Database& database);
    Transaction(Transaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)), files_(other.files_)
    {
    }
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() { rollback(); }

    /// On a fault nothing is committed and the destructor rolls back.
    Result<void> commit();
    void rollback();

private:
    Transaction(sqlite3* connection, Files* files) : connection_(connection), files_(files) {}
    sqlite3* connection_;  ///< null once committed or rolled back
    Files* files_;
};

}  // namespace chartlift::store
