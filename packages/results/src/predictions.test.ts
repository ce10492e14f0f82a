import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPredictions, openPredictions, predictionsPath, readPredictions } from './predictions.ts';
import { accuracy } from './test-support/records.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const newFolder = temporaryFolder;

describe('predictions', () => {
  it('gives back what was written, awkward ids included', () => {
    const file = predictionsPath(newFolder(), 'k');
    const output = openPredictions(file);
    output.append([{ index: 3, label: 1, id: 'c, "d".png', top: [1, 2, 3, 4, 5] }]);
    output.append([
      { index: 4, label: 0, top: [0] },
      { index: 5, label: 2, id: 'a "b", c\nd.jpg', error: 'not, an image' },
    ]);
    const expected = [
      { index: 3, label: 1, id: 'c, "d".png', top: [1, 2, 3, 4, 5] },
      { index: 4, label: 0, top: [0] },
      { index: 5, label: 2, id: 'a "b", c d.jpg', error: 'not, an image' },
    ];
    expect(output.lines).toEqual(expected);
    output.close();
    expect(openPredictions(file).lines).toEqual(expected);
  });

  it('killed at any byte and gone on with, ends as the undisturbed file', () => {
    const folder = newFolder();
    const all = Array.from({ length: 4 }, (_, index) => ({ index, label: 1, top: [1, index] }));
    const whole = predictionsPath(folder, 'whole');
    const undisturbed = openPredictions(whole);
    undisturbed.append(all);
    const { sha256, lines } = undisturbed.finish();
    expect(lines).toBe(4);
    const bytes = readFileSync(whole);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const file = predictionsPath(folder, `cut-${cut}`);
      writeFileSync(file, bytes.subarray(0, cut));
      const resumed = openPredictions(file);
      resumed.append(all);
      expect(resumed.finish().sha256).toBe(sha256);
    }
  });

  it('refuses a file that is something else, by line', () => {
    const file = join(newFolder(), 'x.csv');
    writeFileSync(file, 'a,b\n');
    expect(() => openPredictions(file)).toThrow('line 1: expected "index,label');
    writeFileSync(file, 'index,label,top5,id,error\n1,2,x,,\n2,2,3,,\n');
    expect(() => openPredictions(file)).toThrow('line 2: expected');
  });

  it('cuts a damaged last line off, and takes no other reading of it', () => {
    const file = join(newFolder(), 'x.csv');
    const good = 'index,label,top5,id,error\n1,2,3,,\n';
    for (const damage of ['\0\0\0', '\0\0\n', '2,2,3 \u00ff,,\n', '2,2,3']) {
      writeFileSync(file, good + damage);
      const output = openPredictions(file);
      output.append([{ index: 2, label: 0, top: [4] }]);
      output.close();
      expect(readFileSync(file, 'utf8')).toBe(`${good}2,0,4,,\n`);
    }
  });

  it('tells a changed file from the recorded one', () => {
    const folder = newFolder();
    const output = openPredictions(predictionsPath(folder, 'k'));
    const record = { ...accuracy, predictions: output.finish() };
    expect(checkPredictions(folder, record)).toBeNull();
    appendFileSync(join(folder, record.predictions.file), '1,2,3,,\n');
    expect(checkPredictions(folder, record)).toContain('not the file that was recorded');
    expect(checkPredictions(newFolder(), record)).toContain('is missing');
  });
});

describe('the store', () => {
  it('takes an image again, and ends in the order of the evaluation', () => {
    const folder = newFolder();
    const line = (index: number, best: number) => ({ index, label: 1, id: `image ${index}`, top: [best] });
    const whole = openPredictions(predictionsPath(folder, 'whole'));
    whole.append([0, 1, 2, 3].map((index) => line(index, index)));
    const { sha256 } = whole.finish([0, 1, 2, 3]);

    const file = predictionsPath(folder, 'in-turns');
    const first = openPredictions(file);
    first.append([line(2, 2), line(0, 9), { index: 1, label: 1, id: 'image 1', error: 'cannot be read' }]);
    expect([0, 1, 2, 3].map((index) => first.answered(index))).toEqual([true, false, true, false]);
    first.close();
    const second = openPredictions(file);
    second.append([line(3, 3), line(1, 1), line(0, 0), line(2, 2)]);
    expect(second.read(1)).toEqual(line(1, 1));
    expect(second.finish([0, 1, 2, 3])).toMatchObject({ sha256, lines: 4 });
  });

  it('reads files of version 1, which name images without an answer only', () => {
    const file = join(newFolder(), 'old.csv');
    writeFileSync(file, 'index,label,top5,id,error\n0,3,3 1,,\n1,2,,"a.jpg","broken"\n');
    expect(readPredictions(file)).toEqual([
      { index: 0, label: 3, top: [3, 1] },
      { index: 1, label: 2, id: 'a.jpg', error: 'broken' },
    ]);
  });
});
