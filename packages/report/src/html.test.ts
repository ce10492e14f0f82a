import { describe, expect, it } from 'vitest';
import { html, joined, scriptJson, slug } from './html.ts';

describe('html', () => {
  it('escapes what is interpolated, in text and attributes', () => {
    const hostile = `"><script>alert('x')</script>&amp;`;
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</p>',
    );
  });

  it('shows characters that a browser would obey', () => {
    expect(html`${'\u001b[31m\u202egpj.exe\u0085'}`.text).toBe('\\x1b[31m\\u202egpj.exe\\x85');
    expect(html`<pre>${'two\nlines'}</pre>`.text).toBe('<pre>two\nlines</pre>');
  });

  it('keeps markup, joins lists, leaves nothing for null and false', () => {
    expect(html`${[html`<b>1</b>`, 'a<', 2]}${null}${undefined}${false}`.text).toBe('<b>1</b>a&lt;2');
    expect(html`${joined(['a', 'b', 'c'], html`<br>`)}`.text).toBe('a<br>b<br>c');
  });

  it('writes JSON that cannot end its script element and reads back the same', () => {
    const value = { a: '</script><!--', b: '\u2028' };
    expect(scriptJson(value).text).not.toContain('<');
    expect(JSON.parse(scriptJson(value).text)).toEqual(value);
  });

  it('makes ids of anything', () => {
    expect(slug('Vim-S (25.8 M), ../../x "y"')).toBe('vim-s-25-8-m-x-y');
    expect(slug('<>')).toBe('x');
  });
});
