"""What a look at the page would find: controls cut off, over one another, or without a name."""

from typing import Any

from playwright.sync_api import Page

# Every control in view with its box, and what is wrong with it. Boxes are of the window, in CSS pixels. A
# control inside something that scrolls sideways by itself (a table, a log) may lie outside the window.
_FAULTS = """
(panel) => {
  const root = document.querySelector(panel);
  const seen = (e) => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return box.width > 2 && box.height > 2 && style.visibility !== 'hidden' && style.opacity !== '0'
      && e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  };
  const scrolls = (e) => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (/auto|scroll/.test(getComputedStyle(p).overflowX) && p.scrollWidth > p.clientWidth + 1
          && p.tabIndex >= 0) return true;
    return false;
  };
  const name = (e) => (e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || e.alt
    || e.placeholder || e.closest('[id]')?.id || e.tagName).trim().slice(0, 40).replace(/\\s+/g, ' ');
  const wanted = 'button, input:not([type=hidden]):not([type=file]), textarea, select, a[href], [role=tab]'
    + ', img, canvas';
  const parts = [...root.querySelectorAll(wanted)].filter(seen);
  const faults = [];
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide + 1)
    faults.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${wide}`);
  for (const e of parts) {
    const box = e.getBoundingClientRect();
    if ((box.left < -1 || box.right > wide + 1) && !scrolls(e))
      faults.push(`${name(e)}: from ${Math.round(box.left)} to ${Math.round(box.right)} of ${wide}`);
    const clips = e.tagName === 'BUTTON' && getComputedStyle(e).overflow !== 'visible';
    if (clips && e.scrollWidth > e.clientWidth + 2)
      faults.push(`${name(e)}: its text is cut off`);
  }
  for (const e of root.querySelectorAll('label, legend, h1, h2, h3, p, th, td, [data-testid=block-info]')) {
    if (!seen(e) || !e.innerText.trim() || scrolls(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.right > wide + 1 || box.left < -1)
      faults.push(`text ${name(e)}: ends at ${Math.round(box.right)}`);
  }
  const small = parts.filter((e) => !['IMG', 'CANVAS'].includes(e.tagName));
  for (let i = 0; i < small.length; i++) for (let j = i + 1; j < small.length; j++) {
    const a = small[i], b = small[j];
    if (a.contains(b) || b.contains(a)) continue;
    const p = a.getBoundingClientRect(), q = b.getBoundingClientRect();
    const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (x > 3 && y > 3) faults.push(`${name(a)} lies over ${name(b)} by ${Math.round(x)} x ${Math.round(y)}`);
  }
  return [...new Set(faults)];
}
"""


def faults(page: Page, tab: str) -> list[str]:
    """What is cut off, or lies over something else, in the heading and one tab as they are in view."""
    found: list[str] = page.evaluate(_FAULTS, f"#tab-{tab}")
    return found


def serious(page: Page, context: str | None = None) -> list[str]:
    """What axe-core calls serious or critical in a part of the page, or in all of it, a line a fault."""
    from axe_playwright_python.sync_playwright import Axe

    response = Axe().run(page, context=context).response
    return [
        f"{fault['id']} ({fault['impact']}, {len(fault['nodes'])}): {fault['help']}: {_where(fault)}"
        for fault in response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def _where(fault: dict[str, Any]) -> str:
    return "; ".join(f"{node['target']} {node['html'][:160]}" for node in fault["nodes"][:3])
