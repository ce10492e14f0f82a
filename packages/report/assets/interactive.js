/**
 * Redraws each chart with tooltips once it comes into view. The pictures that are there without JavaScript stay
 * whenever anything fails. Nothing is fetched from elsewhere: the libraries lie beside this file.
 */
(() => {
  const vendor = new URL('vendor/', document.currentScript.src).href;
  const narrow = matchMedia('(max-width: 40rem)');
  let libraries;

  function loadScript(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = `${vendor}${name}.min.js`;
      script.onload = resolve;
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
    });
  }

  function loadLibraries() {
    libraries ??= loadScript('vega')
      .then(() => loadScript('vega-lite'))
      .then(() => loadScript('vega-embed'));
    return libraries;
  }

  const drawn = new Map();

  async function draw(plot) {
    const source = document.querySelector(`script[data-spec="${plot.dataset.chart}"]`);
    const specs = JSON.parse(source.textContent);
    await loadLibraries();
    const canvas = document.createElement('div');
    canvas.className = 'interactive';
    const result = await globalThis.vegaEmbed(canvas, narrow.matches ? specs.narrow : specs.wide, {
      actions: false,
      renderer: 'svg',
      tooltip: { disableDefaultStyle: true },
    });
    drawn.get(plot)?.finalize();
    drawn.set(plot, result);
    plot.querySelector('.interactive')?.remove();
    plot.append(canvas);
    plot.classList.add('live');
  }

  const keepPicture = () => undefined;
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        draw(target).catch(keepPicture);
      }
    },
    { rootMargin: '300px' },
  );
  for (const plot of document.querySelectorAll('[data-chart]')) observer.observe(plot);
  narrow.addEventListener('change', () => {
    for (const plot of drawn.keys()) draw(plot).catch(keepPicture);
  });
})();

/** Marks in the contents where the reader is. */
(() => {
  const links = new Map(
    [...document.querySelectorAll('nav a')].map((link) => [link.getAttribute('href').slice(1), link]),
  );
  const sections = [...document.querySelectorAll('main > section')];
  let current;

  function mark() {
    const reached = sections.findLast((section) => section.getBoundingClientRect().top < innerHeight / 3);
    const link = links.get((reached ?? sections[0])?.id);
    if (link === current || link === undefined) return;
    current?.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    current = link;
    // Within the bar alone: the page itself must not move.
    const bar = link.closest('nav');
    bar.scrollTo({ left: link.offsetLeft - 24, top: link.offsetTop - innerHeight / 2 });
  }

  let waiting = false;
  addEventListener(
    'scroll',
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    },
    { passive: true },
  );
  mark();
})();
