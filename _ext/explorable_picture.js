"use strict";

/** Print the picture that an explorable shows before anything is moved. */
const [folder, name] = process.argv.slice(2);
for (const file of ["formulas", "draw", name]) require(`${folder}/${file}.js`);
const { picture, start } = globalThis.explorables[name];
process.stdout.write(globalThis.draw.markup(picture(start, 560)));
