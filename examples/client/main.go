// Command client does with an Image service behind Keystone what people do: it creates an image, uploads its data, shares
// it with another project, which accepts and downloads it, and deletes it. It knows nothing of this service; any other
// one of the same API does too.
//
//	OS_AUTH_URL=http://127.0.0.1:5000/v3 OS_USERNAME=demo OS_PASSWORD=... OS_PROJECT_NAME=demo \
//	OTHER_USERNAME=alt OTHER_PASSWORD=... OTHER_PROJECT_NAME=alt go run ./examples/client
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/members"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := os.Getenv("OS_AUTH_URL")
	if err := run(ctx, user(url, "OS_"), user(url, "OTHER_"), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// user returns who the environment says, in variables that begin with prefix.
func user(url, prefix string) gophercloud.AuthOptions {
	domain := os.Getenv(prefix + "USER_DOMAIN_NAME")
	if domain == "" {
		domain = "Default"
	}
	return gophercloud.AuthOptions{
		IdentityEndpoint: url, Username: os.Getenv(prefix + "USERNAME"), Password: os.Getenv(prefix + "PASSWORD"),
		TenantName: os.Getenv(prefix + "PROJECT_NAME"), DomainName: domain,
	}
}

// session is somebody who is logged in.
type session struct {
	images  *gophercloud.ServiceClient
	project string // id
}

func login(ctx context.Context, who gophercloud.AuthOptions) (*session, error) {
	provider, err := openstack.AuthenticatedClient(ctx, who)
	if err != nil {
		return nil, err
	}
	client, err := openstack.NewImageV2(provider, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, err
	}
	result, ok := provider.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return nil, errors.New("this is not an Identity API v3")
	}
	project, err := result.ExtractProject()
	if err != nil || project == nil {
		return nil, errors.Join(err, errors.New("the login is for no project"))
	}
	return &session{client, project.ID}, nil
}

// run goes through the life of an image. It leaves nothing behind, also when it fails.
func run(ctx context.Context, owner, other gophercloud.AuthOptions, out io.Writer) (err error) {
	mine, err := login(ctx, owner)
	if err != nil {
		return fmt.Errorf("login of the owner: %w", err)
	}
	theirs, err := login(ctx, other)
	if err != nil {
		return fmt.Errorf("login of the other one: %w", err)
	}
	shared := images.ImageVisibilityShared
	image, err := images.Create(ctx, mine.images, images.CreateOpts{
		Name: "example", DiskFormat: "raw", ContainerFormat: "bare", Visibility: &shared, Tags: []string{"example"},
	}).Extract()
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	fmt.Fprintln(out, "created", image.ID) //nolint:errcheck // a progress line
	defer func() {
		gone := images.Delete(context.WithoutCancel(ctx), mine.images, image.ID).ExtractErr()
		if err = errors.Join(err, gone); err == nil {
			fmt.Fprintln(out, "deleted") //nolint:errcheck // a progress line
		}
	}()
	data := make([]byte, 1<<20)
	_, _ = rand.Read(data) // it does not fail
	if err := imagedata.Upload(ctx, mine.images, image.ID, bytes.NewReader(data)).ExtractErr(); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	fmt.Fprintln(out, "uploaded", len(data), "bytes") //nolint:errcheck // a progress line
	return share(ctx, image.ID, [2]*session{mine, theirs}, func(got []byte) error {
		if !bytes.Equal(got, data) {
			return errors.New("what was downloaded is not what was uploaded")
		}
		fmt.Fprintln(out, "shared, accepted, downloaded") //nolint:errcheck // a progress line
		return nil
	})
}

// share gives the image of the first one to the second one, who accepts it and reads it.
func share(ctx context.Context, id string, between [2]*session, check func([]byte) error) error {
	mine, theirs := between[0], between[1]
	if _, err := members.Create(ctx, mine.images, id, theirs.project).Extract(); err != nil {
		return fmt.Errorf("share: %w", err)
	}
	if _, err := members.Update(ctx, theirs.images, id, theirs.project, members.UpdateOpts{Status: "accepted"}).Extract(); err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	body, err := imagedata.Download(ctx, theirs.images, id).Extract()
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	got, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return check(got)
}
