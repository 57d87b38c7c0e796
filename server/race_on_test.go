//go:build race

package main_test

// raced: the tests run with the race detector, and so do the daemons that it can tell something about.
const raced = true
