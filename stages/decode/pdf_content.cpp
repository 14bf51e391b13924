// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <qpdf/BufferInputSource.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFTokenizer.hh>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "stages/decode/pdf.h"

namespace chartlift::decode {
namespace {

constexpr std::size_t kMostContentBytes = 64 << 20;   // of one page with its forms; a dense map takes about 20 MB
constexpr std::int64_t kMostOperators = 200'000'000;  // forms counted as often as they are drawn: bounds Poppler's work
constexpr std::int64_t kMostOperatorsRead = 20'000'000;  // read here, a few seconds
constexpr int kDeepestForm = 12;
constexpr std::size_t kMostOperands = 64;  // only the last few are looked at
constexpr int kOperatorsBetweenChecks = 4096;
constexpr double kWhite = 0.99;
/// How much of a picture a clip may take off and count as drawn in full: a hairline of rounding.
constexpr double kUncut = 0.995;
constexpr double kCovers = 0.95;

struct Rectangle {
    double left = -1e9, bottom = -1e9, right = 1e9, top = 1e9;
    double area() const { return std::max(0.0, right - left) * std::max(0.0, top - bottom); }
    Rectangle cut(const Rectangle& other) const
    {
        return {std::max(left, other.left), std::max(bottom, other.bottom), std::min(right, other.right),
                std::min(top, other.top)};
    }
};

enum class Fill { black, white, other };

struct State {
    QPDFMatrix to_page;
    Rectangle clip;
    bool odd_clip = false;  ///< not a rectangle
    bool see_through = false;
    Fill fill = Fill::black;
    int text_mode = 0;
};

class Walker {
public:
    Walker(const PageArea& area, const StageContext& context)
        : context_(context), page_{area.left, area.bottom, area.right, area.top}
    {
        state_.clip = page_;
    }

    Result<PageContent> page(QPDFObjectHandle page)
    {
        CappedBytes content(kMostContentBytes);
        for (QPDFObjectHandle& stream : page.getPageContents()) {
            stream.pipeStreamData(&content, 0, qpdf_dl_specialized, true);
            if (content.overflowed) return too_much();
            content.bytes += '\n';
        }
        QPDFObjectHandle resources = QPDFPageObjectHelper(page).getAttribute("/Resources", false);
        std::int64_t cost = 0;
        if (auto read = operators(content.bytes, resources, 0, cost); !read) return read.error();
        return found_;
    }

private:
    static Fault too_much()
    {
        return fault(FaultKind::limit, fmt::format("pdf page content is over {} bytes or {} operators",
                                                   kMostContentBytes, kMostOperators));
    }

    /// Behind the EI that ends an inline image's data. qpdf's own search tries each EI against the rest of the stream,
    /// which takes minutes on a stream of nothing else.
    static std::size_t inline_image_end(std::string_view content, std::size_t from)
    {
        const auto blank = [](char c) {
            return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
        };
        for (std::size_t at = content.find("EI", from); at != std::string_view::npos; at = content.find("EI", at + 1))
            if (at > 0 && blank(content[at - 1]) && (at + 2 == content.size() || blank(content[at + 2]))) return at + 2;
        return content.size();
    }

    /// Also counts what was read into `cost`.
    Result<void> operators(const std::string& content, QPDFObjectHandle resources, int depth, std::int64_t& cost)
    {
        bytes_read_ += content.size();
        if (bytes_read_ > kMostContentBytes) return too_much();
        const auto input = std::make_shared<BufferInputSource>("content", content);
        QPDFTokenizer tokenizer;
        tokenizer.allowEOF();
        std::vector<State> saved;
        const std::size_t saved_limit = 4096;
        numbers_.clear();
        name_.clear();
        first_name_.clear();
        shows_ = false;
        for (;;) {
            const QPDFTokenizer::Token token = tokenizer.readToken(input, "content", true);
            switch (token.getType()) {
                case QPDFTokenizer::tt_eof: return {};
                case QPDFTokenizer::tt_integer:
                case QPDFTokenizer::tt_real:
                    if (numbers_.size() == kMostOperands) numbers_.erase(numbers_.begin());
                    numbers_.push_back(std::strtod(token.getValue().c_str(), nullptr));
                    break;
                case QPDFTokenizer::tt_name:
                    name_ = token.getValue();
                    if (first_name_.empty()) first_name_ = name_;
                    break;
                case QPDFTokenizer::tt_string:
                    shows_ |= token.getValue().find_first_not_of(std::string(" \0\t\r\n", 5)) != std::string::npos;
                    break;
                case QPDFTokenizer::tt_word: {
                    const std::string& word = token.getValue();
                    if (++operators_read_ % kOperatorsBetweenChecks == 0)
                        if (auto wanted = context_.still_wanted(Decode::name); !wanted) return wanted.error();
                    ++cost;
                    if (operators_read_ > kMostOperatorsRead) return too_much();
                    if (word == "ID") {
                        found_.other_marks = true;
                        const std::size_t end = inline_image_end(content, static_cast<std::size_t>(input->tell()));
                        input->seek(static_cast<qpdf_offset_t>(end), SEEK_SET);
                    } else if (word == "q") {
                        if (saved.size() < saved_limit) saved.push_back(state_);
                    } else if (word == "Q") {
                        if (!saved.empty()) {
                            state_ = saved.back();
                            saved.pop_back();
                        }
                    } else if (word == "Do") {
                        if (auto drawn = draw(resources, depth, cost); !drawn) return drawn.error();
                    } else {
                        apply(word, resources);
                    }
                    numbers_.clear();
                    first_name_.clear();
                    shows_ = false;
                    break;
                }
                default: break;
            }
        }
    }

    double number(std::size_t from_last) const
    {
        return numbers_.size() > from_last ? numbers_[numbers_.size() - 1 - from_last] : 0.0;
    }
    QPDFMatrix matrix() const { return {number(5), number(4), number(3), number(2), number(1), number(0)}; }

    void apply(const std::string& word, QPDFObjectHandle resources)
    {
        if (word == "cm") {
            if (numbers_.size() >= 6) state_.to_page.concat(matrix());
        } else if (word == "re") {
            const double x = number(3), y = number(2), w = number(1), h = number(0);
            if (!path_.empty()) odd_path_ = true;
            for (const auto& [px, py] :
                 {std::pair(x, y), std::pair(x + w, y), std::pair(x + w, y + h), std::pair(x, y + h)})
                path_point(px, py);
        } else if (word == "m" || word == "l") {
            path_point(number(1), number(0));
        } else if (word == "c" || word == "v" || word == "y") {
            odd_path_ = true;
        } else if (word == "W" || word == "W*") {
            clips_ = true;
        } else if (word == "n") {
            end_path();
        } else if (word == "f" || word == "F" || word == "f*") {
            // White under everything is the paper's colour.
            if (state_.fill != Fill::white || found_.images > 0) mark();
            end_path();
        } else if (word == "S" || word == "s" || word == "B" || word == "B*" || word == "b" || word == "b*") {
            mark();
            end_path();
        } else if (word == "sh") {
            mark();
        } else if (word == "g") {
            state_.fill = number(0) <= 1 - kWhite ? Fill::black : number(0) >= kWhite ? Fill::white : Fill::other;
        } else if (word == "rg") {
            const auto [low, high] = std::minmax({number(0), number(1), number(2)});
            state_.fill = high <= 1 - kWhite ? Fill::black : low >= kWhite ? Fill::white : Fill::other;
        } else if (word == "k") {
            const double ink = number(1) + number(2) + number(3);
            state_.fill = number(0) >= kWhite ? Fill::black : number(0) + ink <= 1 - kWhite ? Fill::white : Fill::other;
        } else if (word == "cs") {
            state_.fill =
                name_ == "/DeviceGray" || name_ == "/DeviceRGB" || name_ == "/DeviceCMYK" ? Fill::black : Fill::other;
        } else if (word == "sc" || word == "scn") {
            state_.fill = Fill::other;
        } else if (word == "Tr") {
            state_.text_mode = static_cast<int>(number(0));
        } else if (word == "Tj" || word == "TJ" || word == "'" || word == "\"") {
            if (shows_) text();
        } else if (word == "gs") {
            graphics_state(resources.isDictionary() ? resources.getKey("/ExtGState") : QPDFObjectHandle::newNull());
        } else if (word == "BDC") {
            if (first_name_ == "/OC") found_.unusual = true;
        }
    }

    void path_point(double x, double y)
    {
        constexpr std::size_t kMostPoints = 6;  // a closed rectangle has five
        if (path_.size() >= kMostPoints) {
            odd_path_ = true;
            return;
        }
        double px = 0, py = 0;
        state_.to_page.transform(x, y, px, py);
        path_.emplace_back(px, py);
    }

    void end_path()
    {
        if (clips_) clip();
        clips_ = odd_path_ = false;
        path_.clear();
    }

    void clip()
    {
        Rectangle box{1e9, 1e9, -1e9, -1e9};
        for (const auto& [x, y] : path_) {
            box.left = std::min(box.left, x);
            box.right = std::max(box.right, x);
            box.bottom = std::min(box.bottom, y);
            box.top = std::max(box.top, y);
        }
        const double slack = 0.01 * (box.right - box.left + box.top - box.bottom);
        bool rectangle = !odd_path_ && path_.size() >= 4;
        for (const auto& [x, y] : path_)
            rectangle &= std::min(std::abs(x - box.left), std::abs(x - box.right)) <= slack &&
                         std::min(std::abs(y - box.bottom), std::abs(y - box.top)) <= slack;
        if (rectangle)
            state_.clip = state_.clip.cut(box);
        else
            state_.odd_clip = true;
    }

    void graphics_state(QPDFObjectHandle states)
    {
        if (!states.isDictionary()) return;
        QPDFObjectHandle chosen = states.getKey(name_);
        if (!chosen.isDictionary()) return;
        QPDFObjectHandle mask = chosen.getKey("/SMask");
        if (mask.isDictionary()) state_.see_through = true;
        for (const char* key : {"/ca", "/CA"}) {
            QPDFObjectHandle alpha = chosen.getKey(key);
            if (alpha.isNumber() && alpha.getNumericValue() < 1) state_.see_through = true;
        }
        QPDFObjectHandle blend = chosen.getKey("/BM");
        if (blend.isArray() && blend.getArrayNItems() > 0) blend = blend.getArrayItem(0);
        if (blend.isName() && blend.getName() != "/Normal" && blend.getName() != "/Compatible")
            state_.see_through = true;
    }

    void mark()
    {
        found_.other_marks = true;
        if (state_.see_through) found_.unusual = true;
    }

    void text()
    {
        constexpr int kInvisible = 3, kClipOnly = 7;  // 9.3.6
        (state_.text_mode == kInvisible || state_.text_mode == kClipOnly ? found_.hidden_text : found_.visible_text) =
            true;
    }

    static Rectangle bounds(const QPDFMatrix& to_page, const Rectangle& box)
    {
        const auto r = to_page.transformRectangle({box.left, box.bottom, box.right, box.top});
        return {r.llx, r.lly, r.urx, r.ury};
    }

    Result<void> draw(QPDFObjectHandle resources, int depth, std::int64_t& cost)
    {
        if (!resources.isDictionary()) return {};
        QPDFObjectHandle xobjects = resources.getKey("/XObject");
        if (!xobjects.isDictionary()) return {};
        QPDFObjectHandle object = xobjects.getKey(name_);
        if (!object.isStream()) return {};
        QPDFObjectHandle dict = object.getDict();
        if (!dict.getKey("/OC").isNull()) found_.unusual = true;
        if (dict.getKey("/Subtype").isNameAndEquals("/Image")) return draw_image(object, dict);
        if (dict.getKey("/Subtype").isNameAndEquals("/Form")) return draw_form(object, dict, resources, depth, cost);
        found_.unusual = true;
        return {};
    }

    Result<void> draw_image(QPDFObjectHandle image, QPDFObjectHandle dict)
    {
        const auto size = [&dict](const char* key) -> std::int64_t {
            QPDFObjectHandle value = dict.getKey(key);
            return value.isInteger() ? value.getIntValue() : 0;
        };
        const std::int64_t width = size("/Width"), height = size("/Height");
        if (width > 0 && height > 0)
            if (auto allowed = size_allowed(width, height, context_.limits); !allowed) return allowed.error();
        ++found_.images;
        found_.image = PlacedImage{image, state_.to_page, state_.fill == Fill::black};
        const Rectangle box = bounds(state_.to_page, {0, 0, 1, 1});
        const Rectangle on_page = box.cut(page_);
        if (state_.odd_clip || on_page.cut(state_.clip).area() < kUncut * on_page.area()) found_.unusual = true;
        if (state_.see_through) found_.unusual = true;
        const bool covers = on_page.area() >= kCovers * page_.area();
        QPDFObjectHandle is_mask = dict.getKey("/ImageMask");
        const bool opaque = !(is_mask.isBool() && is_mask.getBoolValue()) && dict.getKey("/SMask").isNull() &&
                            dict.getKey("/Mask").isNull() && !state_.see_through;
        if (covers && opaque && found_.visible_text) {  // text under the picture: an OCR layer
            found_.visible_text = false;
            found_.hidden_text = true;
        }
        return {};
    }

    Result<void> draw_form(QPDFObjectHandle form, QPDFObjectHandle dict, QPDFObjectHandle resources, int depth,
                           std::int64_t& cost)
    {
        if (depth >= kDeepestForm) {
            found_.unusual = true;
            return {};
        }
        // A form that was read twice holds no more news; its work is still counted.
        FormMemo& memo = forms_[form.getObjGen()];
        if (memo.open) return {};  // it draws itself: Poppler skips that, too
        if (memo.reads >= 2 && form.isIndirect()) {
            cost += memo.cost;
            return cost > kMostOperators ? Result<void>(too_much()) : Result<void>();
        }
        const State outer = state_;
        QPDFObjectHandle own = dict.getKey("/Matrix");
        if (own.isMatrix()) state_.to_page.concat(QPDFMatrix(own.getArrayAsMatrix()));
        QPDFObjectHandle box = dict.getKey("/BBox");
        if (box.isRectangle()) {
            const auto r = box.getArrayAsRectangle();
            state_.clip = state_.clip.cut(bounds(state_.to_page, {r.llx, r.lly, r.urx, r.ury}));
        }
        CappedBytes content(kMostContentBytes);
        form.pipeStreamData(&content, 0, qpdf_dl_specialized, true);
        if (content.overflowed) return too_much();
        QPDFObjectHandle inner = dict.getKey("/Resources");
        memo.open = true;
        std::int64_t form_cost = 0;
        const auto read = operators(content.bytes, inner.isDictionary() ? inner : resources, depth + 1, form_cost);
        FormMemo& done = forms_[form.getObjGen()];
        done.open = false;
        ++done.reads;
        done.cost = form_cost;
        state_ = outer;
        path_.clear();
        if (!read) return read.error();
        cost += form_cost;
        return cost > kMostOperators ? Result<void>(too_much()) : Result<void>();
    }

    struct FormMemo {
        int reads = 0;
        bool open = false;
        std::int64_t cost = 0;
    };

    const StageContext& context_;
    Rectangle page_;
    State state_;
    PageContent found_;
    std::map<QPDFObjGen, FormMemo> forms_;
    std::vector<double> numbers_;
    std::string name_;
    bool shows_ = false;      ///< a string with more than blanks stands before the operator
    std::string first_name_;  ///< since the last operator
    std::vector<std::pair<double, double>> path_;
    bool odd_path_ = false;
    bool clips_ = false;
    std::size_t bytes_read_ = 0;
    std::int64_t operators_read_ = 0;
};

}  // namespace

void CappedBytes::write(const unsigned char* from, std::size_t count)
{
    if (overflowed || count > most_bytes_ - bytes.size()) {
        overflowed = true;
        throw std::runtime_error("over the cap");
    }
    bytes.append(reinterpret_cast<const char*>(from), count);
}

Result<PageContent> look_at(QPDFObjectHandle page, const PageArea& area, const StageContext& context)
{
    return Walker(area, context).page(page);
}

}  // namespace chartlift::decode
