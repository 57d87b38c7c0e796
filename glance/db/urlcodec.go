package db

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"
)

// urlCodec turns the URL of a location into what its row holds, and back. Without a key they are the same; with one
// the row holds base64url of a random IV and of AES-CBC over URL and padding (spec storage-db 7).
type urlCodec struct{ block cipher.Block }

func newURLCodec(key string) (urlCodec, error) {
	if key == "" {
		return urlCodec{}, nil
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return urlCodec{}, fmt.Errorf("the key is %d bytes long instead of 16, 24 or 32", len(key))
	}
	return urlCodec{block}, nil
}

// encode gives another text each time, so rows cannot be looked up by URL.
func (c urlCodec) encode(url string) string {
	if c.block == nil {
		return url
	}
	plain := pad([]byte(url))
	out := make([]byte, aes.BlockSize+len(plain))
	iv := out[:aes.BlockSize]
	_, _ = rand.Read(iv) // it ends the program rather than fail
	cipher.NewCBCEncrypter(c.block, iv).CryptBlocks(out[aes.BlockSize:], plain)
	return base64.URLEncoding.EncodeToString(out)
}

// decode accepts padding of any length. Its error says nothing of the text: neither the content of a row nor a
// half-decrypted URL belongs in a log.
func (c urlCodec) decode(text string) (string, error) {
	if c.block == nil {
		return text, nil
	}
	undecipherable := errors.New("a stored location URL does not decrypt with this metadata_encryption_key")
	data, err := base64.URLEncoding.DecodeString(text)
	if err != nil || len(data) < 2*aes.BlockSize || len(data)%aes.BlockSize != 0 {
		return "", undecipherable
	}
	plain := data[aes.BlockSize:]
	cipher.NewCBCDecrypter(c.block, data[:aes.BlockSize]).CryptBlocks(plain, plain)
	end := bytes.LastIndexByte(plain, 0)
	if end < 0 || !utf8.Valid(plain[:end]) {
		return "", undecipherable
	}
	return string(plain[:end]), nil
}

// pad fills up the last block: a zero, found again as the last one, then random bytes that are not.
func pad(text []byte) []byte {
	tail := make([]byte, aes.BlockSize-len(text)%aes.BlockSize)
	_, _ = rand.Read(tail)
	for i := range tail {
		tail[i] = tail[i]%255 + 1
	}
	tail[0] = 0
	return append(text, tail...)
}
