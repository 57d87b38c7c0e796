package operator

import (
	"github.com/spf13/cobra"

	"goglance/glance/config"
)

// configCommand is what there is to do with configurations beside running them.
func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Print what can be configured"}
	sample := &cobra.Command{
		Use:   "sample",
		Short: "Print a configuration file with every option, its help and its default",
		Args:  cobra.NoArgs,
	}
	form := sample.Flags().String("format", string(config.INI), "`form` of the file: ini or toml")
	sample.RunE = func(cmd *cobra.Command, _ []string) error {
		return config.Sample(cmd.OutOrStdout(), config.Form(*form))
	}
	cmd.AddCommand(sample)
	return cmd
}
