// Drives a plain client on coder/websocket (https://github.com/coder/websocket). Its protocol: schemas/driver.json.
// Run: wireproof check client --driver -- go run .
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log"
	"os"
	"slices"
	"sync"

	"github.com/coder/websocket"
)

type object map[string]any

var (
	ctx     = context.Background()
	sockets sync.Map // of *websocket.Conn by id
	output  = log.New(os.Stdout, "", 0)
)

func say(line object) error {
	text, err := json.Marshal(line)
	output.Print(string(text))
	return err
}

func live(id, url string) {
	say(object{"type": "state", "id": id, "state": "connecting"})
	socket, _, err := websocket.Dial(ctx, url, nil)
	if err == nil {
		sockets.Store(id, socket)
		socket.SetReadLimit(1 << 20)
		say(object{"type": "state", "id": id, "state": "connected"})
	}
	for message := []byte{}; err == nil; {
		_, message, err = socket.Read(ctx)
		if err == nil && say(object{"type": "event", "id": id, "payload": json.RawMessage(message)}) != nil {
			say(object{"type": "error", "id": id, "code": "not-json"})
		}
	}
	code := cmp.Or(max(websocket.CloseStatus(err), 0), websocket.StatusAbnormalClosure)
	say(object{"type": "state", "id": id, "state": "disconnected", "code": code})
}

func main() {
	var commands []string
	for input := json.NewDecoder(os.Stdin); ; {
		var line struct {
			Type, ID, URL, Op string
			Of                int
			Payload           json.RawMessage
			Commands          []string
		}
		if input.Decode(&line) != nil || line.Type == "stop" {
			return
		}
		found, _ := sockets.Load(line.ID)
		socket, open := found.(*websocket.Conn)
		switch {
		case line.Type == "hello":
			commands = line.Commands
			say(object{"type": "hello", "protocol": 1, "name": "coder/websocket", "version": "1.8", "capabilities": []int{}})
		case line.Type == "open":
			go live(line.ID, line.URL)
		case line.Type == "close" && open:
			go socket.Close(websocket.StatusNormalClosure, "")
		case line.Type == "send" && !slices.Contains(commands, line.Op):
			say(object{"type": "unsupported", "id": line.ID, "of": line.Of})
		case line.Type == "send":
			ok := open && socket.Write(ctx, websocket.MessageText, line.Payload) == nil
			say(object{"type": "reply", "id": line.ID, "of": line.Of, "ok": ok})
		}
	}
}
