package cli

import (
	"context"
	"fmt"

	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// probe asks each plugin of a pipeline that talks to the network whether it could do its work.
func (a *app) probe(ctx context.Context, p config.Pipeline) []error {
	var errs []error
	for i := range p.Inputs {
		in := &p.Inputs[i]
		if in.Built.Probe == nil {
			continue
		}
		errs = append(errs, a.ask(ctx, p.Settings.ID+" "+in.ID, in.Built.Probe))
	}
	for i := range p.Outputs {
		out := &p.Outputs[i]
		if out.Built.Probe == nil {
			continue
		}
		errs = append(errs, a.ask(ctx, p.Settings.ID+" "+out.ID, out.Built.Probe))
	}
	return errs
}

// ask asks one plugin and prints its answer when it is good.
func (a *app) ask(ctx context.Context, what string, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := plugin.Guard(func() error { return probe(ctx) }); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.printf("%s: fine\n", what)
	return nil
}
