// Joins a room and prints what is said there, with coder/websocket in the Retry of cenkalti/backoff.
// Run: go run . ws://127.0.0.1:9001/
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// session is one connection, from its handshake to its end. It always ends with an error: Retry makes the next one.
func session(ctx context.Context, url string, opened func()) error {
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	connection, response, err := websocket.Dial(dialing, url, nil)
	cancel()
	if err != nil {
		return refused(err, response)
	}
	defer connection.CloseNow()
	opened()
	// A context that ends tears the connection down without a goodbye: it must not be the one that reads.
	stop := context.AfterFunc(ctx, func() { connection.Close(websocket.StatusNormalClosure, "") })
	defer stop()
	reading := context.WithoutCancel(ctx)
	if err := wsjson.Write(reading, connection, map[string]string{"cmd": "join", "room": "lobby"}); err != nil {
		return err
	}
	for {
		_, message, err := connection.Read(reading)
		if err != nil {
			return err
		}
		fmt.Println(string(message))
	}
}

// refused is what Retry is told of a handshake that failed: when the server says how long to wait, that.
func refused(err error, response *http.Response) error {
	if response != nil {
		if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil {
			return backoff.RetryAfter(seconds)
		}
	}
	return err
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	policy := backoff.NewExponentialBackOff()
	attempt := func() (bool, error) { return false, session(ctx, os.Args[1], policy.Reset) }
	_, err := backoff.Retry(ctx, attempt, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
	if ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
