/** Sample pictures for the page: the first few of each class of the embedded Fashion-MNIST test split. */
import { openFashionMnist } from '@vssm/datasets';
import type { SampleImage, Samples } from '../exchange.ts';

const perClass = 1;

export async function fashionMnistSamples(): Promise<Samples> {
  const dataset = await openFashionMnist();
  const { samples, classes, split } = dataset;
  const images: SampleImage[] = [];
  for (let turn = 0; turn < perClass; turn++) {
    for (const label of classes.keys()) {
      const { index, id } = samples.filter((sample) => sample.label === label)[turn];
      const { width, height, data } = await dataset.preview(index);
      const grey = data.filter((_, at) => at % 3 === 0);
      images.push({ index, id, label, width, height, pixels: Buffer.from(grey).toString('base64') });
    }
  }
  await dataset.close();
  return { name: 'Fashion-MNIST', split, classes, images };
}
