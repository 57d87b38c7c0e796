package keystone

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// seal protects what is kept in memcached (spec operations 7.5). The keys are made of the token itself, so whoever has
// an entry and the secret still cannot read it without the token.
type seal struct {
	secret   []byte
	strategy string // MAC or ENCRYPT
}

// newSeal returns nil for no protection.
func newSeal(strategy, secret string) (*seal, error) {
	strategy = strings.ToUpper(strategy)
	switch strategy {
	case "", "NONE":
		return nil, nil
	case "MAC", "ENCRYPT":
	default:
		return nil, fmt.Errorf("memcache_security_strategy %q is not one of None, MAC, ENCRYPT", strategy)
	}
	if secret == "" {
		return nil, errors.New("memcache_security_strategy needs memcache_secret_key")
	}
	return &seal{[]byte(secret), strategy}, nil
}

// keys are those of one token.
type keys struct {
	name    string // of the entry
	mac     []byte
	encrypt []byte // nil: the data is not encrypted
}

const (
	part    = sha512.Size384 / 3
	macSize = 64 // base64 of a SHA-384
)

// keys derives the keys of a token.
func (s *seal) keys(token string) keys {
	digest := sum(s.secret, []byte(token+s.strategy))
	k := keys{name: base64.StdEncoding.EncodeToString(digest[:part]), mac: digest[part : 2*part]}
	if s.strategy == "ENCRYPT" {
		k.encrypt = digest[2*part:]
	}
	return k
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha512.New384, key)
	h.Write(text)
	return h.Sum(nil)
}

// close returns the entry for data.
func (k keys) close(data []byte) ([]byte, error) {
	if k.encrypt != nil {
		block, err := aes.NewCipher(k.encrypt)
		if err != nil {
			return nil, err
		}
		n := aes.BlockSize - len(data)%aes.BlockSize
		data = append(bytes.Clone(data), bytes.Repeat([]byte{byte(n)}, n)...)
		sealed := make([]byte, aes.BlockSize+len(data))
		_, _ = rand.Read(sealed[:aes.BlockSize]) // it does not fail
		cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], data)
		data = sealed
	}
	payload := base64.StdEncoding.AppendEncode(nil, data)
	return append(base64.StdEncoding.AppendEncode(nil, sum(k.mac, payload)), payload...), nil
}

var errSeal = errors.New("the entry is not ours")

// open returns the data in an entry, or an error for one that somebody without the key has made.
func (k keys) open(entry []byte) ([]byte, error) {
	if len(entry) < macSize {
		return nil, errSeal
	}
	payload := entry[macSize:]
	if !hmac.Equal(entry[:macSize], base64.StdEncoding.AppendEncode(nil, sum(k.mac, payload))) { // in constant time (S14)
		return nil, errSeal
	}
	data, err := base64.StdEncoding.AppendDecode(nil, payload)
	if err != nil || k.encrypt == nil {
		return data, err
	}
	if len(data) < 2*aes.BlockSize || len(data)%aes.BlockSize != 0 {
		return nil, errSeal
	}
	block, err := aes.NewCipher(k.encrypt)
	if err != nil {
		return nil, err
	}
	text := data[aes.BlockSize:]
	cipher.NewCBCDecrypter(block, data[:aes.BlockSize]).CryptBlocks(text, text)
	n := int(text[len(text)-1])
	if n < 1 || n > aes.BlockSize || !bytes.Equal(text[len(text)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errSeal
	}
	return text[:len(text)-n], nil
}
