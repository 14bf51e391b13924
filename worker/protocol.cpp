// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/protocol.h"

#include <chrono>

#include "worker/wire.h"

namespace chartlift::worker {
namespace {

enum class RequestKind : std::uint8_t { hello, open, page, symbols, close };
enum class AnswerKind : std::uint8_t { ready, opened, page, symbols, fault };

template <class Kind>
void put_kind(WireWriter& out, Kind kind)
{
    out.number(static_cast<std::uint8_t>(kind));
}

void put(WireWriter& out, const Hello& hello)
{
    put_kind(out, RequestKind::hello);
    out.number(hello.confinement.memory_bytes);
    out.number(hello.confinement.cpu_s);
    out.number(hello.confinement.largest_file_bytes);
    out.flag(hello.confinement.filters);
    out.number(hello.decode.render_dpi.value);
    out.number(static_cast<std::uint32_t>(hello.decode.passwords.size()));
    for (const std::string& password : hello.decode.passwords) out.text(password);
}

Hello hello_from(WireReader& in)
{
    Hello hello;
    hello.confinement.memory_bytes = in.number<std::int64_t>();
    hello.confinement.cpu_s = in.number<std::int64_t>();
    hello.confinement.largest_file_bytes = in.number<std::int64_t>();
    hello.confinement.filters = in.flag();
    hello.decode.render_dpi = Dpi{in.number<float>()};
    const auto passwords = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < passwords && in.good(); ++i) hello.decode.passwords.push_back(in.text());
    return hello;
}

void put(WireWriter& out, const Allowance& allowance)
{
    out.number(allowance.limits.max_pixels);
    out.number(allowance.limits.max_bytes);
    out.number(std::int32_t{allowance.limits.max_pages});
    out.number(std::int64_t{allowance.limits.page_timeout.count()});
    out.number(allowance.left_ms);
}

Allowance allowance_from(WireReader& in)
{
    Allowance allowance;
    allowance.limits.max_pixels = in.number<std::int64_t>();
    allowance.limits.max_bytes = in.number<std::int64_t>();
    allowance.limits.max_pages = in.number<std::int32_t>();
    allowance.limits.page_timeout = std::chrono::milliseconds(in.number<std::int64_t>());
    allowance.left_ms = in.number<std::int64_t>();
    return allowance;
}

void put(WireWriter& out, const OpenRequest& open)
{
    put_kind(out, RequestKind::open);
    out.number(open.file);
    put(out, open.allowance);
}

void put(WireWriter& out, const PageRequest& page)
{
    put_kind(out, RequestKind::page);
    out.number(page.file);
    out.number(page.index);
    put(out, page.allowance);
}

void put(WireWriter& out, const SymbolsRequest& symbols)
{
    put_kind(out, RequestKind::symbols);
    out.number(symbols.width_px);
    out.number(symbols.height_px);
    out.flag(symbols.kinds.linear);
    out.flag(symbols.kinds.matrix);
    out.number(std::int32_t{symbols.kinds.max_symbols});
    out.number(std::int32_t{symbols.kinds.smear_px});
    out.number(symbols.left_ms);
}

SymbolsRequest symbols_request_from(WireReader& in)
{
    SymbolsRequest symbols;
    symbols.width_px = in.number<std::int32_t>();
    symbols.height_px = in.number<std::int32_t>();
    symbols.kinds.linear = in.flag();
    symbols.kinds.matrix = in.flag();
    symbols.kinds.max_symbols = in.number<std::int32_t>();
    symbols.kinds.smear_px = in.number<std::int32_t>();
    symbols.left_ms = in.number<std::int64_t>();
    return symbols;
}

void put(WireWriter& out, const CloseRequest& close)
{
    put_kind(out, RequestKind::close);
    out.number(close.file);
}

void put(WireWriter& out, const Protections& ready)
{
    put_kind(out, AnswerKind::ready);
    out.flag(ready.no_new_privileges);
    out.flag(ready.landlock);
    out.flag(ready.seccomp);
    out.flag(ready.limits);
    out.number(std::int32_t{ready.landlock_abi});
}

Protections ready_from(WireReader& in)
{
    Protections ready;
    ready.no_new_privileges = in.flag();
    ready.landlock = in.flag();
    ready.seccomp = in.flag();
    ready.limits = in.flag();
    ready.landlock_abi = in.number<std::int32_t>();
    return ready;
}

void put(WireWriter& out, const Opened& opened)
{
    put_kind(out, AnswerKind::opened);
    out.number(static_cast<std::uint8_t>(opened.format));
    out.number(opened.pages);
}

Opened opened_from(WireReader& in)
{
    Opened opened;
    opened.format = in.choice(FileFormat::jp2);
    opened.pages = in.number<std::int32_t>();
    return opened;
}

void put(WireWriter& out, const PageAnswer& page)
{
    put_kind(out, AnswerKind::page);
    out.number(static_cast<std::uint8_t>(page.format));
    out.number(page.width_px);
    out.number(page.height_px);
    out.flag(page.dpi.has_value());
    out.number(page.dpi.value_or(0));
    out.number(page.words_bytes);
}

PageAnswer page_answer_from(WireReader& in)
{
    PageAnswer page;
    page.format = in.choice(PixelFormat::rgb24);
    page.width_px = in.number<std::int32_t>();
    page.height_px = in.number<std::int32_t>();
    const bool has_dpi = in.flag();
    const auto dpi = in.number<float>();
    if (has_dpi) page.dpi = dpi;
    page.words_bytes = in.number<std::uint64_t>();
    return page;
}

void put(WireWriter& out, const SymbolsAnswer& symbols)
{
    put_kind(out, AnswerKind::symbols);
    out.number(symbols.symbols_bytes);
}

void put(WireWriter& out, const Fault& fault)
{
    put_kind(out, AnswerKind::fault);
    out.number(static_cast<std::uint8_t>(fault.kind));
    out.text(fault.where);
    out.text(fault.what);
}

Fault fault_from(WireReader& in)
{
    Fault fault;
    fault.kind = in.choice(FaultKind::internal);
    fault.where = in.text();
    fault.what = in.text();
    return fault;
}

void put(WireWriter& out, const Box& box)
{
    for (const int edge_px : {box.left_px, box.top_px, box.right_px, box.bottom_px}) out.number(std::int32_t{edge_px});
}

Box box_from(WireReader& in)
{
    Box box;
    for (int* edge_px : {&box.left_px, &box.top_px, &box.right_px, &box.bottom_px})
        *edge_px = in.number<std::int32_t>();
    return box;
}

template <class Message>
std::vector<std::byte> encoded_message(const Message& message)
{
    WireWriter out;
    out.number(message.number);
    std::visit([&out](const auto& body) { put(out, body); }, message.body);
    return std::move(out).take();
}

template <class Message>
std::optional<Message> if_whole(const WireReader& in, Message message)
{
    if (!in.finished()) return std::nullopt;
    return message;
}

/// Items one after the other until the bytes end.
template <class Item, class Read>
std::optional<std::vector<Item>> items_from(std::span<const std::byte> bytes, const Read& read)
{
    WireReader in(bytes);
    std::vector<Item> items;
    while (in.left_bytes() > 0) {
        items.push_back(read(in));
        if (!in.good()) return std::nullopt;
    }
    return if_whole(in, std::move(items));
}

}  // namespace

std::vector<std::byte> encoded(const Request& request)
{
    return encoded_message(request);
}

std::optional<Request> request_from(std::span<const std::byte> bytes)
{
    WireReader in(bytes);
    Request request;
    request.number = in.number<std::uint32_t>();
    switch (in.choice(RequestKind::close)) {
        case RequestKind::hello: request.body = hello_from(in); break;
        case RequestKind::open: {
            OpenRequest open;
            open.file = in.number<FileHandle>();
            open.allowance = allowance_from(in);
            request.body = open;
            break;
        }
        case RequestKind::page: {
            PageRequest page;
            page.file = in.number<FileHandle>();
            page.index = in.number<std::int32_t>();
            page.allowance = allowance_from(in);
            request.body = page;
            break;
        }
        case RequestKind::symbols: request.body = symbols_request_from(in); break;
        case RequestKind::close: request.body = CloseRequest{in.number<FileHandle>()}; break;
    }
    return if_whole(in, std::move(request));
}

std::vector<std::byte> encoded(const Answer& answer)
{
    return encoded_message(answer);
}

std::optional<Answer> answer_from(std::span<const std::byte> bytes)
{
    WireReader in(bytes);
    Answer answer;
    answer.number = in.number<std::uint32_t>();
    switch (in.choice(AnswerKind::fault)) {
        case AnswerKind::ready: answer.body = ready_from(in); break;
        case AnswerKind::opened: answer.body = opened_from(in); break;
        case AnswerKind::page: answer.body = page_answer_from(in); break;
        case AnswerKind::symbols: answer.body = SymbolsAnswer{in.number<std::uint64_t>()}; break;
        case AnswerKind::fault: answer.body = fault_from(in); break;
    }
    return if_whole(in, std::move(answer));
}

std::vector<std::byte> encoded_words(std::span<const Word> words)
{
    WireWriter out;
    for (const Word& word : words) {
        out.text(word.text);
        put(out, word.box);
        out.number(word.confidence);
        out.number(word.line);
        out.number(word.block);
    }
    return std::move(out).take();
}

std::optional<std::vector<Word>> words_from(std::span<const std::byte> bytes)
{
    return items_from<Word>(bytes, [](WireReader& in) {
        Word word;
        word.text = in.text();
        word.box = box_from(in);
        word.confidence = in.number<float>();
        word.line = in.number<std::uint32_t>();
        word.block = in.number<std::uint32_t>();
        return word;
    });
}

std::vector<std::byte> encoded_symbols(std::span<const Barcode> symbols)
{
    WireWriter out;
    for (const Barcode& symbol : symbols) {
        out.text(symbol.format);
        out.text(symbol.value);
        put(out, symbol.box);
    }
    return std::move(out).take();
}

std::optional<std::vector<Barcode>> symbols_from(std::span<const std::byte> bytes)
{
    return items_from<Barcode>(bytes, [](WireReader& in) {
        Barcode symbol;
        symbol.format = in.text();
        symbol.value = in.text();
        symbol.box = box_from(in);
        return symbol;
    });
}

}  // namespace chartlift::worker
