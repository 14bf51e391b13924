// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confined_symbols.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stages/barcode/barcode.h"
#include "worker/answers.h"
#include "worker/shared_memory.h"

namespace chartlift::worker {
namespace {

using Symbols = Result<std::vector<Barcode>>;

constexpr int kMostTries = 3;

Result<Descriptor> written(const Image& gray)
{
    auto memory = new_memory();
    if (!memory) return memory;
    std::vector<iovec> rows;
    rows.reserve(static_cast<std::size_t>(gray.height_px()));
    for (int y = 0; y < gray.height_px(); ++y)
        rows.push_back({const_cast<std::uint8_t*>(gray.row(y)),  // NOLINT: writev only reads
                        static_cast<std::size_t>(gray.width_px())});
    if (auto whole = write_all(*memory, std::move(rows)); !whole) return whole.error();
    if (auto sealed = seal(*memory); !sealed) return sealed.error();
    return memory;
}

Symbols believed(Process& process, const Exchanged& exchanged, const SymbolsRequest& request)
{
    const auto& body = exchanged.answer.body;
    if (const auto* fault = std::get_if<Fault>(&body)) {
        auto page_fault = believed_fault(*fault);
        if (const auto* wrong = std::get_if<Nonsense>(&page_fault))
            return process.distrust(ReadBarcodes::name, wrong->what);
        return std::get<Fault>(std::move(page_fault));
    }
    const auto* answer = std::get_if<SymbolsAnswer>(&body);
    if (answer == nullptr) return process.distrust(ReadBarcodes::name, "crop was neither read nor not");
    auto symbols = believed_symbols(*answer, exchanged.memory, request);
    if (const auto* wrong = std::get_if<Nonsense>(&symbols)) return process.distrust(ReadBarcodes::name, wrong->what);
    return std::get<std::vector<Barcode>>(std::move(symbols));
}

Symbols read_in_a_worker(Pool& pool, const Image& gray, const SymbolKinds& kinds, const StageContext& context)
{
    const auto crop = written(gray);
    if (!crop) return crop.error();
    for (int tried = 0; tried < kMostTries; ++tried) {
        const auto lease = pool.lease({}, context, ReadBarcodes::name);
        if (!lease) return lease.error();
        const SymbolsRequest request{gray.width_px(), gray.height_px(), kinds, left_ms(context)};
        Process& process = *lease->process();
        const auto reply = process.exchange(request, crop->get(), context, ReadBarcodes::name);
        if (!reply) continue;
        if (!*reply) return reply->error();
        return believed(process, **reply, request);
    }
    return Fault{FaultKind::internal, std::string(ReadBarcodes::name), "decode workers end before they begin"};
}

}  // namespace

ReadSymbols confined_symbols(std::shared_ptr<Pool> pool)
{
    return [pool = std::move(pool)](const Image& gray, const SymbolKinds& kinds, const StageContext& context) {
        return read_in_a_worker(*pool, gray, kinds, with_deadline(context));
    };
}

}  // namespace chartlift::worker
