// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite_catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "store/archive.h"
#include "store/audit.h"
#include "store/migrations.h"
#include "store/sqlite.h"

namespace chartlift::store {
namespace {

/// Runs statements one after another and keeps the first fault, so that a sequence reads as a sequence.
class Script {
public:
    explicit Script(Database& database) : database_(database) {}

    template <class... Values>
    Script& run(std::string_view sql, const Values&... values)
    {
        if (fault_) return *this;
        auto statement = database_.prepare(sql);
        if (!statement) return fail(statement.error());
        int index = 0;
        (statement->bind(++index, values), ...);
        if (auto done = statement->run(); !done) return fail(done.error());
        return *this;
    }
    Script& fail(Fault fault)
    {
        fault_ = std::move(fault);
        return *this;
    }
    Result<void> outcome() const
    {
        if (fault_) return *fault_;
        return {};
    }

private:
    Database& database_;
    std::optional<Fault> fault_;
};

std::optional<std::string> kind_of(const std::optional<Fault>& fault)
{
    if (!fault) return std::nullopt;
    return std::string(to_string(fault->kind));
}

std::optional<std::string> text_of(const std::optional<Fault>& fault)
{
    if (!fault) return std::nullopt;
    return fault->message();
}

std::string reasons_json(const Candidate& candidate)
{
    auto list = nlohmann::json::array();
    for (const FieldComparison& reason : candidate.reasons)
        list.push_back({{"field", to_string(reason.field)},
                        {"agreement", to_string(reason.agreement)},
                        {"bits", reason.weight_bits}});
    return list.dump();
}

AuditEvent event_of(const BatchEntry& batch)
{
    auto sources = nlohmann::json::array();
    for (const SourceEntry& source : batch.sources) sources.push_back(source.sha256);
    const auto filed = std::count_if(batch.documents.begin(), batch.documents.end(),
                                     [](const DocumentEntry& entry) { return entry.document.route.automatic(); });
    const auto faulted = std::count_if(batch.pages.begin(), batch.pages.end(),
                                       [](const PageEntry& page) { return page.record.state == PageState::faulted; });
    const nlohmann::ordered_json detail{{"pages", batch.pages.size()},
                                        {"pages_faulted", faulted},
                                        {"documents", batch.documents.size()},
                                        {"documents_filed", filed},
                                        {"sources", sources}};
    return {"batch.recorded", batch.id, detail.dump()};
}

/// The line's hash ties the document as it stands in the catalog to its entry (audit_verify.h).
AuditEvent event_of(const DocumentEntry& entry)
{
    const Route& route = entry.document.route;
    auto reasons = nlohmann::json::array();
    for (const ReviewReason& reason : route.reasons) reasons.push_back(reason.code);
    const nlohmann::ordered_json detail{
        {"type", entry.document.split.type.type}, {"reasons", reasons}, {"line_sha256", sha256_of(entry.line)}};
    return {route.automatic() ? "document.filed" : "document.held", entry.document.id, detail.dump()};
}

constexpr std::string_view kTallySql = R"sql(
SELECT count(*),
       coalesce(sum(p.state = 'content' AND d.automatic = 1), 0),
       coalesce(sum(p.state = 'content' AND d.automatic = 0), 0),
       coalesce(sum(p.state = 'blank'), 0), coalesce(sum(p.state = 'separator'), 0), coalesce(sum(p.state = 'faulted'), 0)
FROM page p LEFT JOIN document d ON d.id = p.document_id)sql";

PageTally tally_from(const Statement& row)
{
    return {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)};
}

class SqliteCatalog final : public Catalog {
public:
    SqliteCatalog(Database database, AuditTrail trail) : database_(std::move(database)), trail_(std::move(trail)) {}

    Result<std::optional<PageTally>> find_batch(const std::string& id) override
    {
        const std::scoped_lock lock(mutex_);
        auto batch = database_.prepare("SELECT 1 FROM batch WHERE id = ?");
        if (!batch) return batch.error();
        auto found = batch->bind(1, id).step();
        if (!found) return found.error();
        if (!*found) return std::optional<PageTally>{};
        auto tally = database_.prepare(std::string(kTallySql) + " WHERE p.batch_id = ?");
        if (!tally) return tally.error();
        if (auto row = tally->bind(1, id).step(); !row) return row.error();
        return std::optional<PageTally>{tally_from(*tally)};
    }

    Result<void> record(const BatchEntry& batch) override
    {
        const std::scoped_lock lock(mutex_);
        auto transaction = Transaction::begin_immediate(database_);
        if (!transaction) return transaction.error();
        auto events = events_of(batch);
        if (!events) return events.error();
        Script script(database_);
        script.run("DELETE FROM page_text WHERE rowid IN (SELECT rowid FROM page WHERE batch_id = ?)", batch.id);
        script.run("DELETE FROM batch WHERE id = ?", batch.id);
        script.run("INSERT INTO batch(id, name, class) VALUES (?, ?, ?)", batch.id, batch.name, batch.batch_class);
        std::int64_t ordinal = 0;
        for (const SourceEntry& source : batch.sources)
            script.run("INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", batch.id, ordinal++, source.path,
                       source.sha256, source.bytes, source.first_page, source.pages, kind_of(source.fault),
                       text_of(source.fault));
        for (const DocumentEntry& entry : batch.documents) insert_document(script, batch.id, entry);
        for (const PageEntry& page : batch.pages) insert_page(script, batch.id, page);
        if (auto done = script.outcome(); !done) return done;
        return trail_.commit(database_, *transaction, *events);
    }

    Result<std::vector<std::string>> files_of(const std::string& id) override
    {
        const std::scoped_lock lock(mutex_);
        std::vector<std::string> files;
        auto rows = each(
            "SELECT pdf_file FROM document WHERE batch_id = ?1 UNION SELECT text_file FROM page WHERE batch_id = ?1 "
            "UNION SELECT hocr_file FROM page WHERE batch_id = ?1",
            [&](const Statement& row) {
                if (!row.text(0).empty()) files.push_back(row.text(0));
            },
            id);
        if (!rows) return rows.error();
        return files;
    }

    Result<void> record_duplicate(const std::string& name, const std::string& batch_id) override
    {
        const std::scoped_lock lock(mutex_);
        auto transaction = Transaction::begin_immediate(database_);
        if (!transaction) return transaction.error();
        const auto done = Script(database_)
                              .run(
                                  "INSERT OR IGNORE INTO duplicate(name, batch_id) "
                                  "SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM batch WHERE id = ?2 AND name = ?1)",
                                  name, batch_id)
                              .outcome();
        if (!done) return done.error();
        if (database_.changed_rows() == 0) return {};
        // The name stays out of the log: file names can hold patients' names.
        return trail_.commit(database_, *transaction, {{"input.duplicate", batch_id, "{}"}});
    }

    Result<void> page_lines(const TakeLine& take) override
    {
        return lines("SELECT p.line FROM page p JOIN batch b ON b.id = p.batch_id ORDER BY b.name, b.id, p.page", take);
    }

    Result<void> document_lines(const TakeLine& take) override
    {
        return lines(
            "SELECT d.line FROM document d JOIN batch b ON b.id = d.batch_id ORDER BY b.name, b.id, d.first_page",
            take);
    }

    Result<CatalogSummary> summary() override
    {
        const std::scoped_lock lock(mutex_);
        CatalogSummary summary;
        auto tally = database_.prepare(kTallySql);
        if (!tally) return tally.error();
        if (auto row = tally->step(); !row) return row.error();
        summary.pages = tally_from(*tally);
        auto counts = database_.prepare(
            "SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM document), "
            "(SELECT count(*) FROM document WHERE automatic = 1), (SELECT count(*) FROM duplicate)");
        if (!counts) return counts.error();
        if (auto row = counts->step(); !row) return row.error();
        summary.batches = counts->integer(0);
        summary.documents = counts->integer(1);
        summary.documents_filed = counts->integer(2);
        summary.duplicates = counts->integer(3);
        for (const auto& [sql, into] :
             {std::pair{"SELECT code, count(*) FROM route_reason GROUP BY code", &summary.reasons},
              std::pair{"SELECT fault_kind, count(*) FROM page WHERE state = 'faulted' GROUP BY fault_kind",
                        &summary.faults},
              std::pair{"SELECT type, count(*) FROM document GROUP BY type", &summary.types}}) {
            auto rows = each(sql, [into = into](const Statement& row) { (*into)[row.text(0)] = row.integer(1); });
            if (!rows) return rows.error();
        }
        return summary;
    }

    Result<std::int64_t> review_depth() override
    {
        const std::scoped_lock lock(mutex_);
        std::int64_t count = 0;
        auto rows = each("SELECT count(*) FROM document WHERE automatic = 0",
                         [&](const Statement& row) { count = row.integer(0); });
        if (!rows) return rows.error();
        return count;
    }

    Result<std::vector<FaultedPage>> faulted_pages(std::size_t limit) override
    {
        const std::scoped_lock lock(mutex_);
        std::vector<FaultedPage> pages;
        auto rows = each(
            "SELECT p.source, p.source_page, p.fault_text FROM page p JOIN batch b ON b.id = p.batch_id "
            "WHERE p.state = 'faulted' ORDER BY b.name, b.id, p.page LIMIT ?",
            [&](const Statement& row) {
                pages.push_back({row.text(0), static_cast<PageIndex>(row.integer(1)), row.text(2)});
            },
            limit);
        if (!rows) return rows.error();
        return pages;
    }

    Result<std::vector<ReviewPage>> review_pages(std::size_t limit) override
    {
        const std::scoped_lock lock(mutex_);
        std::vector<ReviewPage> pages;
        auto rows = each(
            "SELECT b.name, d.id, d.type, d.pdf_file, d.first_page, p.thumbnail FROM document d JOIN batch b ON b.id = "
            "d.batch_id "
            "LEFT JOIN page p ON p.batch_id = d.batch_id AND p.page = d.first_page "
            "WHERE d.automatic = 0 ORDER BY b.name, b.id, d.first_page LIMIT ?",
            [&](const Statement& row) {
                pages.push_back({row.text(0),
                                 row.text(1),
                                 row.text(2),
                                 row.text(3),
                                 static_cast<PageIndex>(row.integer(4)),
                                 {},
                                 row.text(5)});
            },
            limit);
        if (!rows) return rows.error();
        for (ReviewPage& page : pages) {
            auto reasons = each(
                "SELECT code, text FROM route_reason WHERE document_id = ? ORDER BY ordinal",
                [&](const Statement& row) {
                    page.reasons.push_back({row.text(0), row.text(1)});
                },
                page.document_id);
            if (!reasons) return reasons.error();
        }
        return pages;
    }

    Result<std::vector<float>> confidences(const std::string& which) override
    {
        const std::scoped_lock lock(mutex_);
        const std::map<std::string, std::string_view> queries{
            {"type", "SELECT type_probability FROM document ORDER BY id"},
            {"split", "SELECT split_probability FROM document ORDER BY id"},
            {"match", "SELECT match_probability FROM document WHERE match_probability IS NOT NULL ORDER BY id"},
            {"ocr", "SELECT ocr_confidence FROM page WHERE state = 'content' ORDER BY batch_id, page"}};
        const auto query = queries.find(which);
        if (query == queries.end()) return Fault{FaultKind::internal, "catalog", "no such confidence: " + which};
        std::vector<float> values;
        auto rows =
            each(query->second, [&](const Statement& row) { values.push_back(static_cast<float>(row.real(0))); });
        if (!rows) return rows.error();
        return values;
    }

    Result<std::vector<SearchHit>> search(const std::string& query, std::size_t limit) override
    {
        const std::scoped_lock lock(mutex_);
        std::vector<SearchHit> hits;
        auto rows = each(
            "SELECT b.name, p.page, coalesce(p.document_id, ''), coalesce(d.pdf_file, ''), "
            "snippet(page_text, 0, '[', ']', ' ... ', 12) "
            "FROM page_text JOIN page p ON p.rowid = page_text.rowid JOIN batch b ON b.id = p.batch_id "
            "LEFT JOIN document d ON d.id = p.document_id WHERE page_text MATCH ? ORDER BY rank, b.name, p.page LIMIT "
            "?",
            [&](const Statement& row) {
                hits.push_back(
                    {row.text(0), static_cast<PageIndex>(row.integer(1)), row.text(2), row.text(3), row.text(4)});
            },
            query, limit);
        if (!rows && rows.error().kind == FaultKind::internal)
            return Fault{FaultKind::config, "search",
                         "the query is malformed; use words, \"a phrase\", AND, OR, NOT, prefix*"};
        if (!rows) return rows.error();
        return hits;
    }

private:
    template <class Take, class... Values>
    Result<void> each(std::string_view sql, Take take, const Values&... values)
    {
        auto statement = database_.prepare(sql);
        if (!statement) return statement.error();
        int index = 0;
        (statement->bind(++index, values), ...);
        while (true) {
            auto row = statement->step();
            if (!row) return row.error();
            if (!*row) return {};
            take(*statement);
        }
    }

    Result<void> lines(std::string_view sql, const TakeLine& take)
    {
        const std::scoped_lock lock(mutex_);
        Result<void> taken;
        auto rows = each(sql, [&](const Statement& row) {
            if (taken) taken = take(row.text(0));
        });
        if (!rows) return rows;
        return taken;
    }

    /// Of a batch that was recorded before, documents that are no more are told of too.
    Result<std::vector<AuditEvent>> events_of(const BatchEntry& batch)
    {
        std::vector<AuditEvent> events{event_of(batch)};
        std::set<std::string> ids;
        for (const DocumentEntry& entry : batch.documents) {
            ids.insert(entry.document.id);
            events.push_back(event_of(entry));
        }
        auto rows = each(
            "SELECT id FROM document WHERE batch_id = ? ORDER BY first_page",
            [&](const Statement& row) {
                if (!ids.contains(row.text(0))) events.push_back({"document.removed", row.text(0), "{}"});
            },
            batch.id);
        if (!rows) return rows.error();
        return events;
    }

    static void insert_document(Script& script, const std::string& batch_id, const DocumentEntry& entry)
    {
        const Document& document = entry.document;
        std::optional<double> match_probability;
        if (!document.match.candidates.empty())
            match_probability = static_cast<double>(document.match.candidates.front().probability.value);
        script.run("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", document.id, batch_id,
                   document.split.pages.front(), document.split.type.type, entry.loinc,
                   static_cast<double>(document.split.type.probability.value),
                   static_cast<double>(document.split.boundary_probability.value), match_probability,
                   document.route.automatic() ? 1 : 0, entry.pdf_file, entry.line);
        for (const FieldValue& field : document.fields.fields.values)
            script.run("INSERT OR REPLACE INTO field VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", document.id,
                       to_string(field.kind), field.value.reveal(), field.raw.reveal(),
                       static_cast<double>(field.probability.value), field.page, field.box.left_px, field.box.top_px,
                       field.box.right_px, field.box.bottom_px);
        std::int64_t rank = 0;
        for (const Candidate& candidate : document.match.candidates) {
            std::optional<std::string> birth_date;
            if (candidate.patient.birth_date.reveal()) birth_date = to_iso(*candidate.patient.birth_date.reveal());
            script.run("INSERT INTO candidate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", document.id, rank++,
                       candidate.patient.mrn.reveal(), candidate.patient.last_name.reveal(),
                       candidate.patient.first_name.reveal(), birth_date,
                       static_cast<double>(candidate.probability.value), static_cast<double>(candidate.weight_bits),
                       reasons_json(candidate));
        }
        std::int64_t ordinal = 0;
        for (const ReviewReason& reason : document.route.reasons)
            script.run("INSERT INTO route_reason VALUES (?, ?, ?, ?)", document.id, ordinal++, reason.code,
                       reason.text);
    }

    static void insert_page(Script& script, const std::string& batch_id, const PageEntry& page)
    {
        const PageRecord& record = page.record;
        std::optional<std::string> document_id;
        if (!page.document_id.empty()) document_id = page.document_id;
        script.run("INSERT INTO page VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB))", batch_id,
                   record.page, to_string(record.state), document_id, record.source, record.source_page,
                   static_cast<double>(record.ocr_confidence), record.word_count, kind_of(record.fault),
                   text_of(record.fault), page.text_file, page.hocr_file, page.line, page.thumbnail);
        script.run("INSERT INTO page_text(rowid, text, batch_id, page) VALUES (last_insert_rowid(), ?, ?, ?)",
                   page.text, batch_id, record.page);
    }

    std::mutex mutex_;
    Database database_;
    AuditTrail trail_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& path, const CatalogAccess& access)
{
    Files& files = access.files_or_real();
    auto database = Database::open(path, OpenMode::read_write_create, &files);
    if (!database) return database.error();
    if (auto done = migrate(*database); !done) return done.error();
    return std::unique_ptr<Catalog>(
        std::make_unique<SqliteCatalog>(std::move(*database), AuditTrail(path, access.actor, files)));
}

}  // namespace chartlift::store
