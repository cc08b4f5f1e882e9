// The `tasks` channel in Go, with gorilla/websocket and nothing of wireproof.
// Run: go run . [port]. SIGTERM closes every connection with 1001.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const totalTasks = 4

var (
	// Between 75 and 85 s of silence a client is given up.
	patience = scaled(80 * time.Second)
	pace     = scaled(100 * time.Millisecond)
	upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
)

func scaled(duration time.Duration) time.Duration {
	scale, err := strconv.ParseFloat(os.Getenv("WIREPROOF_TIME_SCALE"), 64)
	if err != nil || scale <= 0 {
		return duration
	}
	return time.Duration(float64(duration) * scale)
}

type object = map[string]any

// refuse makes the event that answers a command which is not carried out.
func refuse(code, text, session string) object {
	event := object{"event": "error", "data": object{"message": text, "code": code}}
	if session != "" {
		event["session_id"] = session
	}
	return event
}

// client is one connection: what it is owed waits in a bounded queue for its writer.
type client struct {
	socket *websocket.Conn
	queue  chan object
	done   chan struct{}
	once   sync.Once
}

func (c *client) send(event object) {
	select {
	case c.queue <- event:
	default:
		c.end(4429, "slow consumer")
	}
}

// end says goodbye once, and lets the socket go a little later.
func (c *client) end(code int, reason string) {
	c.once.Do(func() {
		message := websocket.FormatCloseMessage(code, reason)
		_ = c.socket.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
		time.AfterFunc(500*time.Millisecond, func() { _ = c.socket.Close() })
	})
}

func (c *client) write() {
	for {
		select {
		case event := <-c.queue:
			if c.socket.WriteJSON(event) != nil {
				_ = c.socket.Close()
				return
			}
		case <-c.done:
			return
		}
	}
}

// session is a list of tasks that is worked through; everything of it happens under the lock of the hub.
type session struct {
	id, status string
	run        int // counts the starts, so that the work of an earlier one ends
	completed  int
	members    map[*client]bool
}

type hub struct {
	mutex    sync.Mutex
	sessions map[string]*session
	clients  map[*client]bool
}

func (s *session) counts() object {
	return object{"status": s.status, "completed_tasks": s.completed, "total_tasks": totalTasks}
}

func (s *session) tell(event string, data object) {
	for member := range s.members {
		member.send(object{"event": event, "session_id": s.id, "data": data})
	}
}

func (s *session) become(status string) {
	s.status = status
	s.tell("session.update", s.counts())
}

// work does one task after another until the session ends or is started anew.
func (h *hub) work(s *session, run int) {
	for more := true; more; {
		time.Sleep(pace)
		h.mutex.Lock()
		more = s.run == run && (s.status == "running" || s.status == "paused")
		if more && s.status == "running" {
			s.completed++
			task := fmt.Sprintf("task-%d", s.completed)
			s.tell("task.update", object{"task_id": task, "status": "completed"})
			s.tell("progress.update", object{"total_tasks": totalTasks, "completed_tasks": s.completed})
			if s.completed == totalTasks {
				s.become("completed")
			}
		}
		h.mutex.Unlock()
	}
}

// steps says what start, pause, resume and stop need and lead to.
var steps = map[string]struct{ from, to string }{
	"start":  {"created completed failed", "running"},
	"pause":  {"running", "paused"},
	"resume": {"paused", "running"},
	"stop":   {"created running paused", "failed"},
}

// take carries a decoded command out.
func (h *hub) take(c *client, command, id string) (refused object) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	s, known := h.sessions[id]
	illegal := refuse("illegal-state", command+" does not fit the state of the session.", id)
	switch command {
	case "ping":
		c.send(object{"event": "pong"})
	case "subscribe":
		if known && s.members[c] {
			return illegal
		}
		if !known {
			s = &session{id: id, status: "created", members: map[*client]bool{}}
			h.sessions[id] = s
		}
		s.members[c] = true
		c.send(object{"event": "subscribed", "session_id": id, "data": s.counts()})
	case "unsubscribe":
		if !known || !s.members[c] {
			return illegal
		}
		h.leave(s, c)
		c.send(object{"event": "unsubscribed", "session_id": id})
	default:
		if !known {
			return refuse("not-found", "There is no such session.", id)
		}
		if !strings.Contains(steps[command].from, s.status) {
			return illegal
		}
		if command == "start" {
			s.completed = 0
			s.run++
			go h.work(s, s.run)
		}
		s.become(steps[command].to)
	}
	return nil
}

// leave forgets a session that nobody watches any more.
func (h *hub) leave(s *session, c *client) {
	delete(s.members, c)
	if len(s.members) == 0 {
		s.status = "failed"
		delete(h.sessions, s.id)
	}
}

var commands = map[string]bool{"ping": true, "subscribe": true, "unsubscribe": true, "start": true, "pause": true, "resume": true, "stop": true}

func decode(text []byte) (command, id string, refused object) {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return "", "", refuse("not-json", "The frame is not one JSON document.", id)
	}
	frame, isObject := value.(object)
	if !isObject {
		return "", "", refuse("not-object", "A command is a JSON object.", id)
	}
	id, _ = frame["session_id"].(string)
	command, named := frame["event"].(string)
	if !named {
		if _, there := frame["event"]; !there && (frame["type"] != nil || frame["cmd"] != nil) {
			return "", "", refuse("wrong-discriminator", "Commands are named by \"event\".", id)
		}
		return "", "", refuse("missing-discriminator", "A command is named by the text \"event\".", id)
	}
	if !commands[command] {
		return "", "", refuse("unknown-message", "There is no such command.", id)
	}
	alone := command == "ping" && len(frame) == 1
	addressed := command != "ping" && len(frame) == 2 && id != "" && utf8.RuneCountInString(id) <= 128
	if !alone && !addressed {
		return "", "", refuse("invalid-payload", command+" has not the fields that it must have, and no others.", id)
	}
	return command, id, nil
}

func (h *hub) serve(writer http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return // Upgrade has answered the request.
	}
	c := &client{socket: socket, queue: make(chan object, 8192), done: make(chan struct{})}
	h.mutex.Lock()
	h.clients[c] = true
	h.mutex.Unlock()
	defer h.forget(c)
	go c.write()
	socket.SetReadLimit(1 << 20)
	answer := socket.PingHandler()
	alive := func(string) error { return socket.SetReadDeadline(time.Now().Add(patience)) }
	socket.SetPingHandler(func(data string) error { _ = alive(data); return answer(data) })
	socket.SetPongHandler(alive)
	for {
		_ = alive("")
		kind, frame, err := socket.ReadMessage()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.end(4408, "no sign of life")
			return
		case err != nil:
			_ = socket.Close()
			return
		case kind == websocket.BinaryMessage:
			c.end(websocket.CloseUnsupportedData, "this channel speaks text")
			return
		case !utf8.Valid(frame):
			c.end(websocket.CloseInvalidFramePayloadData, "not UTF-8")
			return
		}
		command, id, refused := decode(frame)
		if refused == nil {
			refused = h.take(c, command, id)
		}
		if refused != nil {
			c.send(refused)
		}
	}
}

func (h *hub) forget(c *client) {
	close(c.done)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.clients, c)
	for _, s := range h.sessions {
		h.leave(s, c)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+append(os.Args, "8080")[1])
	if err != nil {
		log.Fatal(err)
	}
	h := &hub{sessions: map[string]*session{}, clients: map[*client]bool{}}
	http.HandleFunc("/ws/ws", h.serve)
	fmt.Printf("ready on %d\n", listener.Addr().(*net.TCPAddr).Port)
	go http.Serve(listener, nil)
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM, os.Interrupt)
	<-stopped
	h.mutex.Lock()
	for c := range h.clients {
		c.end(websocket.CloseGoingAway, "going away")
	}
	time.Sleep(300 * time.Millisecond)
}
