// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/graph.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <exception>
#include <thread>
#include <tuple>

#include "pipeline/collect.h"
#include "pipeline/guard.h"

namespace chartlift::pipeline {
namespace {

namespace flow = oneapi::tbb::flow;

/// A page's value between two steps, or the fault that ended its way. Messages are shared and const, since TBB copies
/// them.
template <class T>
struct OnPage {
    PageTicket ticket;
    StageContext context;
    Result<T> value;
};
template <class T>
using Page = std::shared_ptr<const OnPage<T>>;

template <class T>
Page<T> carry(const PageTicket& ticket, const StageContext& context, Result<T> value)
{
    return std::make_shared<const OnPage<T>>(OnPage<T>{ticket, context, std::move(value)});
}

/// A page step as a node's body: a page that faulted passes by untouched, an exception becomes a fault.
template <class Out, class In, class Work>
auto step(const char* name, Work work)
{
    return [name, work](const Page<In>& page) -> Page<Out> {
        if (!page->value) return carry<Out>(page->ticket, page->context, page->value.error());
        return carry<Out>(page->ticket, page->context, guarded(name, [&]() -> Result<Out> { return work(*page); }));
    };
}

struct Arrived {
    PageTicket ticket;
    std::optional<PageRecord> record;  ///< none: dropped
};
using Arrival = std::shared_ptr<const Arrived>;

struct BatchInFlight {
    std::shared_ptr<BatchWork> work;
    std::optional<Fault> fault;
};
using Batch = std::shared_ptr<BatchInFlight>;

/// A batch step as a node's body, by the same rules.
auto batch_step(const char* name, const std::function<Result<void>(BatchWork&)>& work)
{
    return [name, &work](const Batch& batch) -> Batch {
        if (batch->fault) return batch;
        if (auto done = guarded(name, [&] { return work(*batch->work); }); !done) batch->fault = done.error();
        return batch;
    };
}

class Graph final : public FlowEntrance {
public:
    Graph(const Steps& steps, const FlowSettings& settings, FlowEvents& events)
        : steps_(steps), settings_(settings), events_(events)
    {
        //   tickets -> slots -> decode -> cleanup -> read -> understand -> save -> collect
        //                 ^--------------- pixels freed --------------------'         |
        //   recorded <- record <- deliver <- route <- match <- identify <- assemble <-'
        make_edge(tickets_, slots_);
        make_edge(slots_, decode_);
        make_edge(decode_, cleanup_);
        make_edge(cleanup_, read_);
        make_edge(read_, understand_);
        make_edge(understand_, save_);
        make_edge(flow::output_port<0>(save_), collect_);
        make_edge(flow::output_port<1>(save_), slots_.decrementer());
        make_edge(flow::output_port<0>(collect_), assemble_);
        make_edge(assemble_, identify_);
        make_edge(identify_, match_);
        make_edge(match_, route_);
        make_edge(route_, deliver_);
        make_edge(deliver_, record_);
    }

    void admit(const PageTicket& ticket) override { tickets_.try_put(ticket); }
    void admit_saved(const PageTicket& ticket, const PageRecord& record) override
    {
        collect_.try_put(std::make_shared<const Arrived>(Arrived{ticket, record}));
    }

    void hold() { graph_.reserve_wait(); }
    void release() { graph_.release_wait(); }
    void wait() { graph_.wait_for_all(); }

private:
    using SaveOutput = std::tuple<Arrival, flow::continue_msg>;
    using CollectOutput = std::tuple<Batch>;
    static constexpr flow::node_priority_t kFirst = 1;
    using SaveNode = flow::multifunction_node<Page<PageInsight>, SaveOutput>;
    using CollectNode = flow::multifunction_node<Arrival, CollectOutput>;

    StageContext begin() const
    {
        StageContext context;
        context.limits = settings_.limits;
        context.deadline = StageContext::Clock::now() + settings_.limits.page_timeout;
        return context;  // its stop token stays empty: a page that was begun is finished
    }

    Page<DecodedPage> decode(const PageTicket& ticket)
    {
        const StageContext context = begin();
        if (settings_.stop.stop_requested())
            return carry<DecodedPage>(ticket, context, Fault{FaultKind::cancelled, "decode", "not begun"});
        return carry<DecodedPage>(ticket, context, guarded("decode", [&] { return steps_.decode(ticket, context); }));
    }

    void save(const Page<PageInsight>& page, SaveNode::output_ports_type& ports)
    {
        auto arrived = std::make_shared<Arrived>();
        arrived->ticket = page->ticket;
        const bool dropped = !page->value && page->value.error().kind == FaultKind::cancelled;
        if (!dropped) {
            auto record = guarded("save", [&]() -> Result<PageRecord> {
                if (!page->value) return steps_.save_fault(page->value.error(), page->ticket);
                return steps_.save(*page->value, page->ticket);
            });
            if (record)
                arrived->record = std::move(*record);
            else
                events_.store_failed(record.error());
        }
        std::get<0>(ports).try_put(arrived);
        std::get<1>(ports).try_put(flow::continue_msg());
    }

    void collect(const Arrival& arrived, CollectNode::output_ports_type& ports)
    {
        if (arrived->record)
            events_.page_done(arrived->ticket, *arrived->record);
        else
            events_.page_dropped(arrived->ticket);
        if (auto work = collector_.take(arrived->ticket, arrived->record))
            std::get<0>(ports).try_put(std::make_shared<BatchInFlight>(BatchInFlight{std::move(work), std::nullopt}));
    }

    flow::continue_msg record(const Batch& in)
    {
        const Batch batch = batch_step("record", steps_.record)(in);
        if (!batch->fault)
            events_.batch_done(*batch->work);
        else
            events_.batch_failed(*batch->work, *batch->fault);
        return {};
    }

    const Steps& steps_;
    const FlowSettings& settings_;
    FlowEvents& events_;
    Collector collector_;

    flow::graph graph_;
    flow::queue_node<PageTicket> tickets_{graph_};
    flow::limiter_node<PageTicket> slots_{graph_, static_cast<std::size_t>(settings_.pages_in_flight)};
    flow::function_node<PageTicket, Page<DecodedPage>> decode_{
        graph_, flow::unlimited, [this](const PageTicket& ticket) { return decode(ticket); }};
    flow::function_node<Page<DecodedPage>, Page<Upright>> cleanup_{
        graph_, flow::unlimited, step<Upright, DecodedPage>("cleanup", [this](const OnPage<DecodedPage>& page) {
            return steps_.cleanup(*page.value, page.context);
        })};
    flow::function_node<Page<Upright>, Page<std::shared_ptr<const PageReading>>> read_{
        graph_, flow::unlimited,
        step<std::shared_ptr<const PageReading>, Upright>(
            "ocr", [this](const OnPage<Upright>& page) -> Result<std::shared_ptr<const PageReading>> {
                auto reading = steps_.read(*page.value, page.context);
                if (!reading) return reading.error();
                return std::make_shared<const PageReading>(std::move(*reading));
            })};
    flow::function_node<Page<std::shared_ptr<const PageReading>>, Page<PageInsight>> understand_{
        graph_, flow::unlimited,
        step<PageInsight, std::shared_ptr<const PageReading>>(
            "classify", [this](const OnPage<std::shared_ptr<const PageReading>>& page) {
                return steps_.understand(*page.value, page.ticket, page.context);
            })};
    SaveNode save_{graph_, flow::unlimited,
                   [this](const Page<PageInsight>& page, SaveNode::output_ports_type& ports) { save(page, ports); }};
    // A page that is done, and a whole batch, go before pages not begun: else they would wait until the input ends.
    CollectNode collect_{
        graph_, flow::serial,
        [this](const Arrival& arrived, CollectNode::output_ports_type& ports) { collect(arrived, ports); }, kFirst};
    using BatchNode = flow::function_node<Batch, Batch>;
    BatchNode assemble_{graph_, flow::unlimited, batch_step("assemble", steps_.assemble), kFirst};
    BatchNode identify_{graph_, flow::unlimited, batch_step("extract", steps_.identify), kFirst};
    BatchNode match_{graph_, flow::unlimited, batch_step("match", steps_.match), kFirst};
    BatchNode route_{graph_, flow::unlimited, batch_step("route", steps_.route), kFirst};
    BatchNode deliver_{graph_, flow::unlimited, batch_step("export", steps_.deliver), kFirst};
    flow::function_node<Batch, flow::continue_msg> record_{
        graph_, flow::serial, [this](const Batch& batch) { return record(batch); }, kFirst};
};

}  // namespace

void run_flow(const Steps& steps, const FlowSettings& settings, FlowEvents& events,
              const std::function<void(FlowEntrance&)>& feed)
{
    // Without this TBB makes no more threads than there are cores, whatever the arena asks for.
    const oneapi::tbb::global_control allowed(oneapi::tbb::global_control::max_allowed_parallelism,
                                              static_cast<std::size_t>(settings.threads));
    oneapi::tbb::task_arena arena(settings.threads);
    arena.execute([&] {
        Graph graph(steps, settings, events);
        graph.hold();
        std::exception_ptr thrown;
        std::thread feeder([&] {
            try {
                feed(graph);
            } catch (...) {
                thrown = std::current_exception();
            }
            graph.release();
        });
        graph.wait();
        feeder.join();
        if (thrown) std::rethrow_exception(thrown);
    });
}

}  // namespace chartlift::pipeline
