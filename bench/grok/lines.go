package main

func (b *bench) measureLines()   {}
func (b *bench) measureCompile() {}
func (b *bench) measureMixed()   {}
