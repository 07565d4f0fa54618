/* On paper a lab is its picture, which nobody can play, and below it what it says without a script: its course in words. */
matchMedia("print").addEventListener("change", ({ matches }) => {
  document.querySelectorAll("pre.on-paper").forEach((each) => each.remove());
  if (!matches) return;
  for (const lab of document.querySelectorAll(".otp-lab[data-ready]")) {
    const words = lab.querySelector("pre.fallback")?.cloneNode(true);
    if (words) lab.after(words);
    words?.setAttribute("class", "on-paper");
  }
});
