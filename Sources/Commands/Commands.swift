// `swift build` at the root builds what the targets of the root need: this one needs every command of
// Packages/Experiments and is nothing else.
