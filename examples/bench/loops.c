/* The tight loops of the load, and a server that only sends back: compiled_loops.py builds them.

   A Python program that sends and receives makes the same system calls as a server in Python, so it
   can be no faster than the fastest of them. The same calls made from here take about two thirds of
   that time, and the load has time to spare.

   The load never sleeps where it has a core of its own (`spin`). A sleeping reader has to be woken
   by the sender, so each answer would cost the server an interrupt to the other core. Instead the
   load asks again and again, with poll() or epoll_wait(): neither takes the lock of a socket, so
   asking does not hold up a server that is just sending on it.

   Every loop returns 0 or an errno: ETIMEDOUT if the server gave no answer in time, ECONNRESET if it
   closed a connection. */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 65536, AT_ONCE = 64, PATIENT_STEP = 100 /* milliseconds */ };

/* What a loop is told (the first three), and what it tells. */
struct run {
    double seconds;   /* how long to go on */
    double patience;  /* seconds without an answer after which the server counts as dead */
    int64_t spin;     /* ask without sleeping */
    int64_t messages; /* that came back */
    double passed;    /* seconds */
    double waited;    /* seconds of these in which there was no answer to fetch */
};

static char buffer[BUFFER];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int timeout_of(const struct run *run)
{
    return run->spin ? 0 : PATIENT_STEP;
}

/* Wait until a socket has something to receive; note how long that took, if it was not there. */
static int wait_readable(struct run *run, int sock)
{
    struct pollfd asked = {.fd = sock, .events = POLLIN};
    if (poll(&asked, 1, 0) == 1)
        return 0;
    double started = now(), passed = 0;
    int problem = 0;
    while (!problem && poll(&asked, 1, timeout_of(run)) != 1)
        if ((passed = now() - started) > run->patience)
            problem = ETIMEDOUT;
    run->waited += now() - started;
    return problem;
}

/* Receive `size` bytes, in as many pieces as they come, and forget them. */
static int receive(struct run *run, int sock, long size)
{
    while (size > 0) {
        ssize_t part = recv(sock, buffer, size < BUFFER ? size : BUFFER, MSG_DONTWAIT);
        int problem = part == 0 ? ECONNRESET : part < 0 ? errno : 0;
        if (problem == EAGAIN)
            problem = wait_readable(run, sock);
        if (problem && problem != EINTR)
            return problem;
        size -= part > 0 ? part : 0;
    }
    return 0;
}

static int send_whole(int sock, const char *data, long size)
{
    while (size > 0) {
        ssize_t sent = send(sock, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return errno == EAGAIN ? ETIMEDOUT : errno; /* EAGAIN: SO_SNDTIMEO has passed */
        data += sent > 0 ? sent : 0;
        size -= sent > 0 ? sent : 0;
    }
    return 0;
}

/* One message is under way on each connection. Fetch the answers of one half and send its next
   messages while the server is busy with the other half.

   The last answer of a half is awaited first: the server answers in order, so the others are there
   by then, and there is one wait for a half instead of one for each connection. */
int echoes(const int *socks, int count, const char *message, long size, struct run *run)
{
    int half = (count + 1) / 2, problem = 0;
    double started = now(), end = started + run->seconds;
    while (now() < end && !problem)
        for (int low = 0; low < count && !problem; low += half) {
            int high = low + half < count ? low + half : count;
            problem = wait_readable(run, socks[high - 1]);
            for (int i = low; i < high && !problem; i++)
                problem = receive(run, socks[i], size);
            for (int i = low; i < high && !problem; i++)
                problem = send_whole(socks[i], message, size);
            run->messages += high - low;
        }
    run->passed = now() - started;
    return problem;
}

/* One text is under way to all members. Fetch it from one half of them, have the last member speak
   the next one, fetch the first from the other half. */
int room(const int *socks, int count, const char *text, long size, struct run *run)
{
    int middle = count / 2, problem = 0;
    double started = now(), end = started + run->seconds;
    while (now() < end && !problem) {
        for (int i = 0; i < count && !problem; i++) {
            if (i == middle)
                problem = send_whole(socks[count - 1], text, size);
            if (!problem)
                problem = receive(run, socks[i], size);
        }
        run->messages += count;
    }
    run->passed = now() - started;
    return problem;
}

static int begin_visit(const struct sockaddr_in *address, const char *message, long size, int *sock)
{
    *sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*sock < 0 || connect(*sock, (const struct sockaddr *)address, sizeof *address) < 0)
        return errno;
    return send_whole(*sock, message, size);
}

static int end_visit(struct run *run, long size, int *sock)
{
    int problem = receive(run, *sock, size);
    close(*sock);
    *sock = -1;
    run->messages++;
    return problem;
}

/* Connect, send one message, receive it back, close; `count` visits under way, in two halves.
   None is left under way at the end. `port` is in host byte order. */
int visits(uint32_t host, int port, int count, const char *message, long size, struct run *run)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(host);
    int half = (count + 1) / 2, problem = 0;
    int *socks = malloc(count * sizeof *socks);
    memset(socks, -1, count * sizeof *socks);
    double started = now(), end = started + run->seconds;
    for (int i = 0; i < count && !problem; i++)
        problem = begin_visit(&address, message, size, &socks[i]);
    while (now() < end && !problem)
        for (int low = 0; low < count && !problem; low += half) {
            int high = low + half < count ? low + half : count;
            problem = wait_readable(run, socks[high - 1]);
            for (int i = low; i < high && !problem; i++)
                problem = end_visit(run, size, &socks[i]);
            for (int i = low; i < high && !problem; i++)
                problem = begin_visit(&address, message, size, &socks[i]);
        }
    for (int i = 0; i < count && !problem; i++)
        problem = end_visit(run, size, &socks[i]);
    run->passed = now() - started;
    for (int i = 0; i < count; i++)
        if (socks[i] >= 0)
            close(socks[i]);
    free(socks);
    return problem;
}

static int wait_for_some(struct run *run, int epoll, struct epoll_event *ready, int *count)
{
    *count = epoll_wait(epoll, ready, AT_ONCE, 0);
    if (*count > 0)
        return 0;
    double started = now();
    int problem = 0;
    while (!problem && (*count = epoll_wait(epoll, ready, AT_ONCE, timeout_of(run))) <= 0)
        if (now() - started > run->patience)
            problem = ETIMEDOUT;
    run->waited += now() - started;
    return problem;
}

/* Each connection of the epoll set sends its next message when the last one came back, in whatever
   order the server answers. `sent` has the time of each descriptor's last message, `latencies` gets
   the seconds that each answer took and has room for `most`. At least `least` answers are awaited,
   if the server's patience allows. */
int closed_loop(int epoll, const char *message, long size, double *sent, double *latencies,
                int64_t most, int64_t least, struct run *run)
{
    struct epoll_event ready[AT_ONCE];
    double started = now(), at = started, end = started + run->seconds;
    double limit = end + run->patience;
    int count, problem = 0;
    while (!problem && run->messages + AT_ONCE <= most &&
           (at < end || (run->messages < least && at < limit))) {
        problem = wait_for_some(run, epoll, ready, &count);
        at = now();
        for (int i = 0; i < count && !problem; i++) {
            int sock = ready[i].data.fd;
            latencies[run->messages++] = at - sent[sock];
            if (!(problem = receive(run, sock, size))) {
                sent[sock] = now();
                problem = send_whole(sock, message, size);
            }
        }
    }
    run->passed = at - started;
    return problem;
}

static int welcome(int listener, int epoll, int **members, int *count)
{
    int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC), one = 1;
    if (sock < 0)
        return 0;
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = sock};
    epoll_ctl(epoll, EPOLL_CTL_ADD, sock, &event);
    *members = realloc(*members, (*count + 1) * sizeof **members);
    (*members)[(*count)++] = sock;
    return 1;
}

static void show_out(int sock, int *members, int *count)
{
    for (int i = 0; i < *count; i++)
        if (members[i] == sock)
            members[i] = members[--*count];
    close(sock);
}

/* Send back what comes, to the sender or to all connections, and never return: what the load can do
   at most is measured against this. */
void reflect(int listener, int to_all)
{
    struct epoll_event ready[AT_ONCE], event = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC), count = 0, *members = NULL;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int found = epoll_wait(epoll, ready, AT_ONCE, -1);
        for (int i = 0; i < found; i++) {
            int sock = ready[i].data.fd;
            if (sock == listener) {
                while (welcome(listener, epoll, &members, &count))
                    ;
                continue;
            }
            ssize_t size = recv(sock, buffer, BUFFER, 0);
            if (size <= 0)
                show_out(sock, members, &count);
            else if (!to_all)
                send_whole(sock, buffer, size);
            else
                for (int each = 0; each < count; each++)
                    send_whole(members[each], buffer, size);
        }
    }
}
