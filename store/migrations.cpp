// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/migrations.h"

#include <fmt/core.h>

#include <array>

namespace chartlift::store {
namespace {

constexpr std::array kSteps{
    R"sql(
CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ','now'))
) WITHOUT ROWID;
CREATE TABLE source (
    batch_id TEXT NOT NULL REFERENCES batch(id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    first_page INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    fault_kind TEXT,
    fault_text TEXT,
    PRIMARY KEY (batch_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX source_by_hash ON source(sha256);
CREATE TABLE duplicate (
    name TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batch(id) ON DELETE CASCADE,
    PRIMARY KEY (name, batch_id)
) WITHOUT ROWID;
CREATE TABLE document (
    id TEXT PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batch(id) ON DELETE CASCADE,
    first_page INTEGER NOT NULL,
    type TEXT NOT NULL,
    loinc TEXT NOT NULL,
    type_probability REAL NOT NULL,
    split_probability REAL NOT NULL,
    match_probability REAL,
    automatic INTEGER NOT NULL,
    pdf_file TEXT NOT NULL,
    line TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX document_by_batch ON document(batch_id, first_page);
CREATE TABLE page (
    batch_id TEXT NOT NULL REFERENCES batch(id) ON DELETE CASCADE,
    page INTEGER NOT NULL,
    state TEXT NOT NULL,
    document_id TEXT REFERENCES document(id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    source_page INTEGER NOT NULL,
    ocr_confidence REAL NOT NULL,
    word_count INTEGER NOT NULL,
    fault_kind TEXT,
    fault_text TEXT,
    text_file TEXT NOT NULL,
    hocr_file TEXT NOT NULL,
    line TEXT NOT NULL,
    thumbnail BLOB,
    PRIMARY KEY (batch_id, page)
);
CREATE INDEX page_by_document ON page(document_id);
CREATE TABLE field (
    document_id TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    raw TEXT NOT NULL,
    probability REAL NOT NULL,
    page INTEGER NOT NULL,
    left_px INTEGER NOT NULL,
    top_px INTEGER NOT NULL,
    right_px INTEGER NOT NULL,
    bottom_px INTEGER NOT NULL,
    PRIMARY KEY (document_id, kind)
) WITHOUT ROWID;
CREATE TABLE candidate (
    document_id TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    mrn TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    birth_date TEXT,
    probability REAL NOT NULL,
    weight_bits REAL NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (document_id, rank)
) WITHOUT ROWID;
CREATE TABLE route_reason (
    document_id TEXT NOT NULL REFERENCES document(id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE page_text USING fts5(text, batch_id UNINDEXED, page UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
)sql",
    // The audit log (audit.h): entries are leaves of a hash tree, nodes its complete subtrees, the head its signed
    // root.
    R"sql(
CREATE TABLE audit_entry (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    leaf_hash BLOB NOT NULL
);
CREATE INDEX audit_entry_by_subject ON audit_entry(subject, seq);
CREATE TABLE audit_node (
    level INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, ordinal)
) WITHOUT ROWID;
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    note TEXT NOT NULL
);
CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;
CREATE TRIGGER audit_entry_is_not_removed BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit entries are only ever added'); END;
)sql",
    // The intake ledger (intake_ledger.h). Names are any bytes. The same content cannot wait or be recorded twice. Each
    // partial index holds only what a running service looks for, and the counts are kept as they change.
    R"sql(
CREATE TABLE arrival (
    id INTEGER PRIMARY KEY,
    inbox TEXT NOT NULL,
    batch_class TEXT NOT NULL,
    priority INTEGER NOT NULL,
    name BLOB NOT NULL,
    batch_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('taken', 'recorded', 'duplicate', 'quarantined', 'discarded')),
    attempts INTEGER NOT NULL,
    redo INTEGER NOT NULL DEFAULT 0,
    fault_kind TEXT,
    fault_where TEXT,
    fault_what TEXT,
    fault_file BLOB,
    duplicate_of INTEGER REFERENCES arrival(id),
    taken_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX arrival_by_content ON arrival(batch_id)
    WHERE state IN ('taken', 'recorded', 'quarantined') AND batch_id != '';
CREATE INDEX arrival_by_state ON arrival(state);
CREATE INDEX arrival_waiting ON arrival(inbox) WHERE state = 'taken';
CREATE INDEX arrival_waiting_since ON arrival(inbox, changed_ms) WHERE state = 'taken';
CREATE INDEX arrival_retryable ON arrival(id) WHERE fault_kind IS NOT NULL AND state IN ('recorded', 'quarantined');
CREATE TABLE arrival_file (
    arrival INTEGER NOT NULL REFERENCES arrival(id),
    ordinal INTEGER NOT NULL,
    name BLOB NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    stays INTEGER NOT NULL,
    PRIMARY KEY (arrival, ordinal)
) WITHOUT ROWID;
CREATE INDEX arrival_file_in_place ON arrival_file(inode, device) WHERE moved = 0;
CREATE INDEX arrival_file_to_move ON arrival_file(arrival) WHERE moved = 0 AND stays = 0;
CREATE TABLE arrival_count (
    inbox TEXT NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (inbox, state)
) WITHOUT ROWID;
CREATE TRIGGER arrival_is_counted AFTER INSERT ON arrival BEGIN
    INSERT INTO arrival_count VALUES (new.inbox, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER arrival_is_recounted AFTER UPDATE OF state ON arrival BEGIN
    UPDATE arrival_count SET count = count - 1 WHERE inbox = old.inbox AND state = old.state;
    INSERT INTO arrival_count VALUES (new.inbox, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TABLE intake_request (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    drain INTEGER NOT NULL
);
INSERT INTO intake_request VALUES (1, 0);
)sql",
    // The class of a batch is its inbox's; and the documents that wait for a person are counted all the time.
    R"sql(
ALTER TABLE batch ADD COLUMN class TEXT NOT NULL DEFAULT '';
CREATE INDEX document_held ON document(automatic) WHERE automatic = 0;
)sql",
};

}  // namespace

Result<void> migrate(Database& database)
{
    auto query = database.prepare("PRAGMA user_version");
    if (!query) return query.error();
    if (auto row = query->step(); !row) return row.error();
    auto version = static_cast<std::size_t>(query->integer(0));
    query->reset();
    if (version > kSteps.size())
        return Fault{FaultKind::store, "catalog",
                     fmt::format("schema version is {}; this program knows up to {}", version, kSteps.size())};
    for (; version < kSteps.size(); ++version) {
        auto transaction = Transaction::begin_immediate(database);
        if (!transaction) return transaction.error();
        if (auto done = database.execute(kSteps.at(version)); !done) return done;
        if (auto done = database.execute(fmt::format("PRAGMA user_version = {}", version + 1)); !done) return done;
        if (auto done = transaction->commit(); !done) return done;
    }
    return {};
}

}  // namespace chartlift::store
