// What Swift's Glibc module does not show of Linux. Declarations only: nothing here is compiled.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// glibc declares it only under _GNU_SOURCE, which Swift's importer does not define.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
