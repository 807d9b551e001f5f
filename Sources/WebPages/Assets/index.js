// The start page: commands that work as they stand.

import { prepareCommands } from "./dom.js";

prepareCommands();
