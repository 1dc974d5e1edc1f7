"""Photo files of every pixel format, shown as a viewer shows them or refused by name."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from data.rendering.demo_faces import demo_faces
from data.system.errors import UserError
from kfold.inference.photo_file import read_photo

FACE = demo_faces(10, np.random.SeedSequence(77), (0.0, 0.0))[0].images[0]
RGB = np.dstack([FACE, FACE[::-1], 255 - FACE])


def gray_of(image, path):
    """Save an image and read it as gray values."""
    image.save(path)
    return read_photo(path).gray.astype(int)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_gray_of_16_bits_is_scaled_by_the_bits_in_use(tmp_path, bits, suffix):
    deep = np.rint(FACE / 255 * (2**bits - 1)).astype(np.uint16)
    found = gray_of(Image.fromarray(deep), tmp_path / f"face.{suffix}")
    np.testing.assert_allclose(found, FACE, atol=1)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("alpha", [False, True])
def test_colours_of_16_bits_are_scaled_too(tmp_path, bits, suffix, alpha):
    white = 2**bits - 1
    deep = np.rint(RGB / 255 * white).astype(np.uint16)
    deep = np.dstack([deep, np.full(FACE.shape, white, np.uint16)]) if alpha else deep
    path = tmp_path / f"face.{suffix}"
    cv2.imwrite(str(path), cv2.cvtColor(deep, cv2.COLOR_RGBA2BGRA if alpha else cv2.COLOR_RGB2BGR))
    np.testing.assert_allclose(np.asarray(read_photo(path).image).astype(int), RGB, atol=1)


@pytest.mark.parametrize("white", [1.0, 255.0, 4095.0])
def test_floats_are_shares_of_white_or_integers(tmp_path, white):
    values = (FACE / 255 * white).astype(np.float32)
    np.testing.assert_allclose(gray_of(Image.fromarray(values), tmp_path / "f.tif"), FACE, atol=1)


@pytest.mark.parametrize("white", [255, 4095, 65535, 2**30])
def test_integers_of_32_bits(tmp_path, white):
    values = np.rint(FACE / FACE.max() * white).astype(np.int32)
    expected = np.rint(FACE / FACE.max() * 255)
    found = gray_of(Image.fromarray(values), tmp_path / "i.tif")
    np.testing.assert_allclose(found, expected, atol=1)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_values_without_a_meaning_are_refused(tmp_path, value):
    path = tmp_path / "f.tif"
    Image.fromarray(np.full((30, 30), value, np.float32)).save(path)
    with pytest.raises(UserError, match=r"f\.tif: expected gray values from 0"):
        read_photo(path)


@pytest.mark.parametrize(
    ("mode", "suffix", "atol"),
    [
        ("L", "png", 0),
        ("RGB", "png", 0),
        ("RGBA", "png", 0),
        ("LA", "png", 0),
        ("P", "png", 40),
        ("P", "gif", 40),
        ("CMYK", "jpg", 30),
        ("CMYK", "tif", 1),
        ("YCbCr", "jpg", 30),
        ("RGB", "webp", 30),
        ("RGB", "avif", 30),
        ("RGB", "jp2", 1),
        ("RGB", "ppm", 0),
    ],
)
def test_other_modes_look_the_same(tmp_path, mode, suffix, atol):
    image = Image.fromarray(RGB).convert(mode)
    expected = np.asarray(image.convert("RGB").convert("L")).astype(int)
    found = gray_of(image, tmp_path / f"a.{suffix}")
    assert np.abs(found - expected).mean() <= atol / 5
    assert np.abs(found - expected).max() <= atol


def test_two_levels_are_black_and_white(tmp_path):
    found = gray_of(Image.fromarray(FACE > 100), tmp_path / "a.png")
    np.testing.assert_array_equal(found, 255 * (FACE > 100))


def test_a_cielab_tiff_has_the_colours_it_was_made_of(tmp_path):
    colours = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    lab = ImageCms.profileToProfile(Image.fromarray(RGB // 2 + 64), *colours, outputMode="LAB")
    lab.save(tmp_path / "lab.tif")
    found = np.asarray(read_photo(tmp_path / "lab.tif").image).astype(int)
    np.testing.assert_allclose(found, RGB // 2 + 64, atol=8)


def test_what_is_transparent_is_white(tmp_path):
    alpha = np.where(np.arange(96) < 48, 255, 0).astype(np.uint8)
    image = Image.fromarray(np.dstack([RGB, np.broadcast_to(alpha, (96, 96))]))
    image.save(tmp_path / "a.png")
    found = np.asarray(read_photo(tmp_path / "a.png").image)
    np.testing.assert_array_equal(found[:, :48], RGB[:, :48])
    assert (found[:, 48:] == 255).all()


def test_the_first_image_of_an_animation_is_read(tmp_path):
    first, second = Image.fromarray(FACE), Image.fromarray(255 - FACE)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    np.testing.assert_allclose(read_photo(tmp_path / "a.gif").gray, FACE, atol=1)


def turned(path, broken=False):
    """A JPEG that viewers turn by a quarter, unless its EXIF data are broken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = exif.tobytes()
    Image.fromarray(RGB[:50]).save(path, exif=data[:10] + b"\xff" * 9 if broken else data)
    return read_photo(path)


def test_broken_exif_data_are_no_reason_to_refuse_a_photo(tmp_path):
    assert turned(tmp_path / "turned.jpg").image.size == (50, 96)
    assert turned(tmp_path / "broken.jpg", broken=True).image.size == (96, 50)


@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
def test_a_turned_photo_has_its_own_width_and_height(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(FACE[:50]).save(path, exif=exif)
    photo = read_photo(path)
    assert (photo.width, photo.height, photo.scale) == (50, 96, 1)
    assert np.abs(photo.gray.astype(int) - np.rot90(FACE[:50], -1)).mean() < 3


def test_a_photo_of_200_megapixels_is_read_smaller(tmp_path):
    Image.new("L", (16320, 12240), 77).save(tmp_path / "large.jpg")
    photo = read_photo(tmp_path / "large.jpg")
    assert (photo.width, photo.height) == (16320, 12240)
    assert photo.scale == 2
    assert photo.image.size == (8160, 6120)


def png_header(width, height):
    """A PNG that says how large it is, without its pixels."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT": b""}
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def jpeg(image=FACE):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", png_header(60000, 60000), "at most 200 megapixels, found 60000 x 60000 px"),
        ("a.png", png_header(5000, 1), "at least 24 px by 24, found 5000 x 1 px"),
        ("a.png", png_header(0, 0), "expected an image"),
        ("a.jpg", jpeg()[:-900], "truncated"),
        ("a.jpg", b"no image", "another or a damaged file"),
        ("a.jpg", b"", "another or a damaged file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as refusal:
        read_photo(tmp_path / name)
    assert str(refusal.value).startswith(str(tmp_path / name))
