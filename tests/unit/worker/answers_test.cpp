// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/answers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "worker/shared_memory.h"
#include "worker/wire.h"

namespace chartlift::worker {
namespace {

TEST(Protocol, EveryMessageComesBackAsItWasSent)
{
    Hello hello;
    hello.decode.render_dpi = Dpi{150};
    hello.decode.passwords = {"", "secret \xC3\xA9"};
    hello.confinement.filters = false;
    const auto back = request_from(encoded(Request{7, hello}));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->number, 7U);
    EXPECT_EQ(std::get<Hello>(back->body).decode.passwords, hello.decode.passwords);
    EXPECT_FALSE(std::get<Hello>(back->body).confinement.filters);
    const PageAnswer page{PixelFormat::bilevel, 2550, 3300, 300.0F, 12};
    const auto answer = answer_from(encoded(Answer{8, page}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(std::get<PageAnswer>(answer->body).dpi, 300.0F);
    const std::vector<Word> words{{"a", {1, 2, 3, 4}, 0.5F, 0, 0}, {"b", {5, 6, 7, 8}, 1, 1, 1}};
    EXPECT_EQ(words_from(encoded_words(words)), words);
    const std::vector<Barcode> symbols{{"QRCode", "x", {1, 2, 3, 4}}};
    EXPECT_EQ(symbols_from(encoded_symbols(symbols)), symbols);
}

TEST(Protocol, CutOffOrLongerMessagesAreNone)
{
    const auto bytes = encoded(Answer{1, Fault{FaultKind::corrupt, "decode", "what"}});
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(answer_from(std::span(bytes).first(size))) << size;
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(answer_from(longer));
    auto unknown_kind = bytes;
    unknown_kind[sizeof(std::uint32_t)] = std::byte{200};
    EXPECT_FALSE(answer_from(unknown_kind));
}

TEST(Protocol, ALengthThatIsNotThereTakesNoMemory)
{
    WireWriter out;
    out.number(std::uint32_t{0xFFFFFFF0});
    const auto bytes = std::move(out).take();
    WireReader in(bytes);
    EXPECT_TRUE(in.text().empty());
    EXPECT_FALSE(in.good());
}

TEST(SharedMemory, CannotBeChangedOnceSealed)
{
    auto memory = new_memory();
    ASSERT_TRUE(memory);
    std::string bytes = "pixels";
    ASSERT_TRUE(write_all(*memory, {{bytes.data(), bytes.size()}}));
    const auto mapped = map_sealed(*memory, bytes.size());
    ASSERT_TRUE(mapped);
    EXPECT_FALSE(write_all(*memory, {{bytes.data(), bytes.size()}}));
    EXPECT_FALSE(map_sealed(*memory, bytes.size() + 1));
    EXPECT_EQ(static_cast<char>((*mapped)->bytes()[0]), 'p');
}

}  // namespace
}  // namespace chartlift::worker
