// Fills the real address into the commands and makes each one copyable.

for (const origin of document.querySelectorAll(".commands b")) origin.replaceWith(location.origin);

for (const command of document.querySelectorAll(".commands code")) {
  const button = document.createElement("button");
  button.textContent = "Copy";
  button.ariaLabel = `Copy: ${command.textContent}`;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      // The clipboard is there on https and localhost alone; elsewhere the text is selected, ready for Ctrl+C.
      getSelection().selectAllChildren(command);
      button.textContent = "Selected";
    }
  });
  command.after(button);
}
