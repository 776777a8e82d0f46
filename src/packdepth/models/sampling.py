"""Ways to halve and to double PackNet's resolution: is it packing itself that helps or hurts?

One PackNet, four ways down and up. Only these blocks differ; the stem, the residual stages, the merges, the heads and
the skips stay. k is the kernel of PackNet's packing block, 5 at the first level and 3 elsewhere.

| sampling | down | up |
| --- | --- | --- |
| `packing` | space to depth, Conv3d, k x k block | 3x3 block, Conv3d, depth to space |
| `space-to-depth` | space to depth, 3x3 convolution, k x k block | 3x3 block, 1x1 convolution, depth to space |
| `strided` | 3x3 convolution with stride 2, k x k block | transposed 3x3 convolution with stride 2, normalised, ELU |
| `pooling` | maximum of 2x2 pixels, 3x3 convolution, k x k block | 3x3 block, bilinear upsampling |

**Matched.** Every block has one GroupNorm and one ELU, as packing's have. What stands in for a Conv3d is linear, as the
Conv3d is. Down, the channels between the two convolutions give a block the parameters of packing's; whole networks
differ by less than 2 %. All convolutions run at the lower resolution, so the multiply-adds are those of packing less
those of the Conv3d: 1 % less at width 1, 5 % at a quarter of it.

Up, `strided` and `pooling` have no channels to choose. Their convolution has as many weights as that of the slim size's
unpacking block. That of the full size has half as many, so there the other ways have up to 1.6 % more parameters.

The autoencoders sample in simpler ways (`autoencoder`). There nothing is normalised, a way has no second convolution,
and the width of the whole network makes them equal.
"""

from torch import nn

from packdepth.config.variants import Sampling
from packdepth.models.layers import ConvBlock, PackingBlock, UnpackingBlock, scaled_width


def down_block(sampling: Sampling, channels: int, kernel_size: int, features_3d: int, groups: int) -> nn.Module:
    """A module (B, C, H, W) -> (B, C, H/2, W/2) with about the parameters of a packing block of these arguments.

    The packing block has 4 C F C k^2 weights, where F is `features_3d`. With E channels between them, the two
    convolutions here have 9 A E + E C k^2, where the first one takes A channels, 4 C or C. E follows, to the nearest
    multiple of `groups`: so it scales with the network's width, as every layer's channels do.
    """
    if sampling == "packing":
        return PackingBlock(channels, kernel_size, features_3d, groups)
    taken = 4 if sampling == "space-to-depth" else 1
    taps = kernel_size**2
    between = scaled_width(channels, 4 * features_3d * taps / (9 * taken + taps), groups)
    block = ConvBlock(between, channels, kernel_size, groups)
    match sampling:
        case "space-to-depth":
            return nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * channels, between, 3, padding=1), block)
        case "strided":
            return nn.Sequential(nn.Conv2d(channels, between, 3, stride=2, padding=1), block)
        case "pooling":
            return nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(channels, between, 3, padding=1), block)


def up_block(sampling: Sampling, in_channels: int, out_channels: int, features_3d: int, groups: int) -> nn.Module:
    """A module (B, in, H, W) -> (B, out, 2H, 2W) with about the parameters of a slim PackNet's unpacking block.

    These are the 9 in out weights of its 3x3 convolution. With E channels between them, the two convolutions of
    `space-to-depth` have 9 in E + 4 E out. E follows, to the nearest multiple of `groups`.
    """
    match sampling:
        case "packing":
            return UnpackingBlock(in_channels, out_channels, features_3d, groups)
        case "space-to-depth":
            between = scaled_width(out_channels, 9 * in_channels / (9 * in_channels + 4 * out_channels), groups)
            block = ConvBlock(in_channels, between, 3, groups)
            return nn.Sequential(block, nn.Conv2d(between, 4 * out_channels, 1), nn.PixelShuffle(2))
        case "strided":
            return nn.Sequential(
                nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1),
                nn.GroupNorm(groups, out_channels),
                nn.ELU(),  # in place, its gradient would need the output, to which the decoder adds the skip in place
            )
        case "pooling":
            return nn.Sequential(
                ConvBlock(in_channels, out_channels, 3, groups),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            )
