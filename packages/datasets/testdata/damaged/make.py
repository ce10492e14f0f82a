"""What Pillow 9.4 (Debian 12's python3-pil) says of JPEGs with a changed byte after 0xff in the data. Writes cases.json."""
import hashlib, io, json, warnings
from PIL import Image

warnings.simplefilter('ignore')


def verdict(data):
    try:
        return hashlib.sha256(Image.open(io.BytesIO(data)).convert('RGB').tobytes()).hexdigest()
    except OSError:
        return None


def changed(data, at, value):
    data = bytearray(data)
    data[at] = value
    return bytes(data)


cases = []
for name, scan in (('damaged/sound.jpg', 0), ('preprocess/coffee_exif_prog.jpg', -1)):
    data = open(f'../{name}', 'rb').read()
    starts = [i for i in range(len(data) - 1) if data[i] == 0xff and data[i + 1] == 0xda]
    begin = starts[scan]
    places = [i + 1 for i in range(begin, len(data) - 1) if data[i] == 0xff and data[i + 1] == 0]
    at = places[len(places) // 3]
    verdicts = {}
    for value in range(256):
        verdicts.setdefault(verdict(changed(data, at, value)), []).append(value)
    cases.append({'input': name, 'byte': at, 'verdicts': [{'sha256': k, 'values': v} for k, v in verdicts.items()]})

with open('cases.json', 'w') as file:
    json.dump(cases, file, indent=1)
    file.write('\n')
