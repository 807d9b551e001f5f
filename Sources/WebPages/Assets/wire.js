// How many bytes a request and its answer are on the wire, over HTTP/1.1.

const crlf = 2;
const encoder = new TextEncoder();
const lengthOf = (text) => encoder.encode(text).length;

/** The status line and the header fields of an answer. The broker sends none that a page of its own cannot see. */
export function headBytes(response) {
  let bytes = lengthOf(`HTTP/1.1 ${response.status} ${response.statusText}`) + crlf;
  for (const [name, value] of response.headers) bytes += lengthOf(`${name}: ${value}`) + crlf;
  return bytes + crlf;
}

/** The body of an answer, with its length. */
export async function bodyOf(response) {
  const bytes = await response.arrayBuffer();
  return { bytes: bytes.byteLength, text: new TextDecoder().decode(bytes) };
}

/** A GET request of this page. A page does not see the header fields that its browser adds; these are what Chromium
 * adds, of which other browsers add most. */
export function requestBytes(path) {
  const fields = {
    Host: location.host,
    Connection: "keep-alive",
    Pragma: "no-cache",
    "Cache-Control": "no-cache",
    "User-Agent": navigator.userAgent,
    Accept: "*/*",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    Referer: location.href.replace(/#.*/, ""),
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": languages(),
  };
  if (navigator.userAgentData) {
    const { brands, mobile, platform } = navigator.userAgentData;
    fields["sec-ch-ua"] = brands.map(({ brand, version }) => `"${brand}";v="${version}"`).join(", ");
    fields["sec-ch-ua-mobile"] = mobile ? "?1" : "?0";
    fields["sec-ch-ua-platform"] = `"${platform}"`;
  }
  if (document.cookie) fields.Cookie = document.cookie;
  const lines = Object.entries(fields).map(([name, value]) => lengthOf(`${name}: ${value}`) + crlf);
  return lines.reduce((sum, line) => sum + line, lengthOf(`GET ${path} HTTP/1.1`) + crlf + crlf);
}

/** As browsers weigh them: the first fully, each further one a tenth less. */
function languages() {
  return navigator.languages
    .map((language, index) => (index ? `${language};q=${Math.max(0.1, 1 - index / 10)}` : language))
    .join(",");
}
