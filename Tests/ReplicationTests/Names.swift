import CareRecord

let barts = HIEIdentifier("barts")!  // a well-formed constant
let kingston = HIEIdentifier("kingston")!  // a well-formed constant
let homerton = HIEIdentifier("homerton")!  // a well-formed constant
