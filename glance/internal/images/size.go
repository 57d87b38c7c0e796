package images

import (
	"math"
	"regexp"
	"strconv"

	"goglance/glance/fault"
)

// parseSize reads a user_storage_quota: digits and a unit, powers of 1024 (spec images-api 11). 0 is no quota.
func parseSize(text string) (int64, error) {
	parts := regexp.MustCompile(`^(\d+)((K|M|G|T)?B)?$`).FindStringSubmatch(text)
	if parts == nil {
		return 0, fault.New(fault.Invalid, "user_storage_quota %q is not digits and B, KB, MB, GB or TB", text)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	shift := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[parts[3]]
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fault.New(fault.Invalid, "user_storage_quota %q is too large", text)
	}
	return n << shift, nil
}
