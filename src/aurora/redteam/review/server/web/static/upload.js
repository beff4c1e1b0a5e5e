// Sends a file of items as it is, and says what came of it.

const form = document.getElementById("upload");
const said = document.getElementById("uploaded");

form.addEventListener("submit", async event => {
  event.preventDefault();
  const file = document.getElementById("file").files[0];
  said.textContent = "Sending …";
  try {
    const address = `/data/import?${new URLSearchParams({name: file.name})}`;
    const headers = {"X-Form": form.dataset.form, "Content-Type": "application/octet-stream"};
    const response = await fetch(address, {method: "POST", headers, body: file, redirect: "error"});
    const answer = await response.json().catch(() => null);
    said.textContent = answer?.said ?? `The server refused the file (${response.status}).`;
  } catch {
    said.textContent = "The server does not answer: try again; what was imported already is not imported twice.";
  }
});
