// English or Chinese: chosen before anything is painted, as asked for once, else as the browser is set.
// Texts in the pages have their translation beside them: data-zh for the text, data-zh-NAME for the attribute NAME.
// What scripts say is in their `t("English", "中文")`. This is a plain script, since modules run after the first paint.
{
  let chosen = navigator.language;
  try {
    chosen = localStorage.getItem("language") ?? chosen;
  } catch {
    // Storage is switched off: as the browser is set.
  }
  const root = document.documentElement;
  root.lang = chosen.startsWith("zh") ? "zh-Hans" : "en";

  const choose = (language) => {
    try {
      localStorage.setItem("language", language);
      location.reload();
    } catch {
      // As above.
    }
  };

  const translate = () => {
    const attributes = ["placeholder", "aria-label", "title"];
    for (const element of document.querySelectorAll("[data-zh]")) element.textContent = element.dataset.zh;
    for (const name of attributes) {
      for (const element of document.querySelectorAll(`[data-zh-${name}]`)) {
        element.setAttribute(name, element.getAttribute(`data-zh-${name}`));
      }
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    if (root.lang !== "en") translate();
    root.dataset.ready = "";
    const other = root.lang === "en" ? ["zh-Hans", "中文"] : ["en", "English"];
    for (const button of document.querySelectorAll("button.language")) {
      [button.lang, button.textContent] = other;
      button.addEventListener("click", () => choose(other[0]));
    }
  });
}
