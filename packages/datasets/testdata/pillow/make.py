"""Writes the pictures of this folder and cases.json, with Pillow 9.4 and numpy. Run from this folder."""
import hashlib, io, json, struct, zlib
import numpy as np
from PIL import Image, ImageCms

rng = np.random.default_rng(1)
photo = Image.open('../preprocess/chelsea.jpg').convert('RGB').resize((45, 31))
alpha = Image.fromarray(rng.integers(0, 256, (31, 45), dtype=np.uint8))
decoded, resized = [], []


def sha256(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def add(name, data):
    with open(name, 'wb') as file:
        file.write(data)
    image = Image.open(io.BytesIO(data))
    mode = image.mode
    rgb = image.convert('RGB')
    decoded.append({'file': name, 'mode': mode, 'width': rgb.width, 'height': rgb.height, 'sha256': sha256(rgb)})


def encoded(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, extra=b''):
    header = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b'IDAT', zlib.compress(b''.join(b'\0' + row for row in rows)))
    return b'\x89PNG\r\n\x1a\n' + header + extra + pixels + chunk(b'IEND', b'')


def with_alpha(image, mode):
    image = image.convert(mode)
    image.putalpha(alpha)
    return image


grey = photo.convert('L')
add('rgba.png', encoded(with_alpha(photo, 'RGBA'), 'PNG'))
add('grey_alpha.png', encoded(with_alpha(grey, 'LA'), 'PNG'))
add('palette_16.png', encoded(photo.quantize(16), 'PNG'))
add('palette_16_transparent.png', encoded(photo.quantize(16), 'PNG', transparency=3))
add('gamma.png', png(45, 31, 8, 2, [row.tobytes() for row in np.asarray(photo)], chunk(b'gAMA', struct.pack('>I', 100000))))
for colour, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
    values = rng.integers(0, 65536, (13, 9 * channels)).astype('>u2')
    values[:5] = rng.integers(0, 300, (5, 9 * channels))
    add(f'sixteen_bit_{colour}.png', png(9, 13, 16, colour, [row.tobytes() for row in values]))
for depth in (1, 2, 4):
    rows = [rng.integers(0, 256, (17 * depth + 7) // 8, dtype=np.uint8).tobytes() for _ in range(9)]
    add(f'grey_{depth}_bit.png', png(17, 9, depth, 0, rows))

orientation = Image.Exif()
orientation[274] = 6
lab = ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes()
for subsampling in (0, 1, 2):
    add(f'subsampling_{subsampling}.jpg', encoded(photo, 'JPEG', subsampling=subsampling))
add('orientation_6.jpg', encoded(photo, 'JPEG', exif=orientation))
add('lab_profile.jpg', encoded(photo, 'JPEG', icc_profile=lab))
add('lossy.webp', encoded(with_alpha(photo, 'RGBA'), 'WEBP', quality=60))
cmyk = encoded(photo.convert('CMYK'), 'JPEG')
marker = cmyk.find(b'\xff\xee')
length = struct.unpack('>H', cmyk[marker + 2 : marker + 4])[0]
add('cmyk_without_adobe_marker.jpg', cmyk[:marker] + cmyk[marker + 2 + length :])
ycck = bytearray(cmyk)
ycck[marker + 1 + length] = 2
add('ycck.jpg', bytes(ycck))
damaged = bytearray(encoded(photo, 'JPEG'))
damaged[-200] ^= 0x55
add('damaged_data.jpg', bytes(damaged))

for name in ('astronaut_small.jpg', 'coffee_exif_prog.jpg'):
    image = Image.open(f'../preprocess/{name}').convert('RGB')
    for size in ((1, 1), (7, 300), (97, 30), (50, 61), (333, 2), (196, 123), (300, 200)):
        expected = sha256(image.resize(size, Image.BICUBIC))
        resized.append({'input': name, 'width': size[0], 'height': size[1], 'sha256': expected})
luma = [{'input': name, 'sha256': sha256(Image.open(f'../preprocess/{name}').convert('RGB').convert('L'))} for name in ('chelsea.jpg', 'coffee444.jpg')]

with open('cases.json', 'w') as file:
    json.dump({'decoded': decoded, 'resized': resized, 'luma': luma}, file, indent=1)
