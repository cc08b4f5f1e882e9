// A stranger's client in Go: sends each line of standard input as one text frame, prints each text frame as one line,
// and closes when standard input ends.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	connection, _, err := websocket.DefaultDialer.Dial(os.Args[1], nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dial:", err)
		os.Exit(1)
	}
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if err := connection.WriteMessage(websocket.TextMessage, lines.Bytes()); err != nil {
				fmt.Fprintln(os.Stderr, "write:", err)
				return
			}
		}
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = connection.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	}()
	for {
		_, data, err := connection.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "read:", err)
			os.Exit(1)
		}
		fmt.Println(strings.TrimSpace(string(data)))
	}
}
