package option

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check returns an error when the tags do not allow the value. That of a secret option does not tell it.
func (o Option) Check() error {
	err := o.check()
	if err != nil && o.Secret {
		return errSecret
	}
	return err
}

func (o Option) check() error {
	switch v := o.Value.Interface().(type) {
	case int, int64:
		return o.inRange(o.Value.Int(), 1)
	case time.Duration:
		return o.inRange(int64(v), int64(time.Second))
	case string:
		return o.allowed(v)
	case []string:
		for _, item := range v {
			if err := o.allowed(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// inRange checks a number against limits that are given in a unit.
func (o Option) inRange(n, unit int64) error {
	if o.Min != "" {
		least, err := strconv.ParseInt(o.Min, 10, 64)
		if err != nil {
			return err
		}
		if n < least*unit {
			return fmt.Errorf("%d is less than %d", n/unit, least)
		}
	}
	if o.Max != "" {
		most, err := o.parseInt(o.Max)
		if err != nil {
			return err
		}
		if most <= math.MaxInt64/unit && n > most*unit {
			return fmt.Errorf("%d is more than %d", n/unit, most)
		}
	}
	return nil
}

// allowed checks a text. Empty text is allowed where it is the default: the option is not set.
func (o Option) allowed(text string) error {
	if text == "" && o.Default == "" {
		return nil
	}
	if len(o.Choices) > 0 && !slices.Contains(o.Choices, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(o.Choices, ", "))
	}
	if o.Kind == "host" && !isHost(text) {
		return fmt.Errorf("%q is neither an address nor a host name", text)
	}
	return nil
}

// hostName is a name whose last label is not a number: a name like 1.2.3 is an address that lacks something.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$`)

func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	_, err := strconv.ParseUint(labels[len(labels)-1], 10, 64)
	return err != nil && len(text) < 255 && hostName.MatchString(text)
}
