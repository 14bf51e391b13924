// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/opencv.h"

#include <memory>

namespace chartlift::adapters {

cv::Mat view(const Image& image)
{
    const int type = image.format() == PixelFormat::rgb24 ? CV_8UC3 : CV_8UC1;
    auto* pixels = const_cast<std::uint8_t*>(image.pixels().get());  // NOLINT: Mat has no const view; callers only read
    return {image.height_px(), image.width_px(), type, pixels, image.stride_bytes()};
}

Image from_mat(cv::Mat mat)
{
    const PixelFormat format = mat.channels() == 3 ? PixelFormat::rgb24 : PixelFormat::gray8;
    auto owner = std::make_shared<cv::Mat>(std::move(mat));
    const std::shared_ptr<const std::uint8_t> pixels(owner, owner->data);
    return {format, owner->cols, owner->rows, owner->step[0], pixels};
}

void use_one_thread_a_call()
{
    cv::setNumThreads(1);
}

}  // namespace chartlift::adapters
