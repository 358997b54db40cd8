/* The kernels in C, as one would write them: nothing is checked. `kernels NAME ARGUMENT` prints the result. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int64_t fib(int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static int64_t sieve(int64_t n) {
    uint8_t *composite = NULL;
    int64_t len = 0, capacity = 0, count = 0;
    for (int64_t i = 0; i <= n; i++) {
        if (len == capacity) {
            capacity = capacity ? 2 * capacity : 8;
            composite = realloc(composite, capacity);
        }
        composite[len++] = 0;
    }
    for (int64_t i = 2; i <= n; i++) {
        if (composite[i]) continue;
        count++;
        for (int64_t j = i * i; j <= n; j += i) composite[j] = 1;
    }
    return count;
}

static int64_t matrix(int64_t n) {
    double *a = malloc(n * n * 8), *b = malloc(n * n * 8), *c = malloc(n * n * 8);
    for (int64_t i = 0; i < n * n; i++) a[i] = i % 7, b[i] = i % 5, c[i] = 0;
    for (int64_t row = 0; row < n; row++)
        for (int64_t column = 0; column < n; column++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++) sum += a[row * n + k] * b[k * n + column];
            c[row * n + column] = sum;
        }
    return c[n * n - 1];
}

static int64_t collatz(int64_t n) {
    int64_t longest = 0;
    for (int64_t first = 1; first < n; first++) {
        int64_t steps = 0;
        for (int64_t number = first; number != 1; steps++) number = number % 2 == 0 ? number / 2 : 3 * number + 1;
        if (steps > longest) longest = steps;
    }
    return longest;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int64_t n = atoll(argv[2]), result = -1;
    if (!strcmp(argv[1], "fib")) result = fib(n);
    if (!strcmp(argv[1], "sieve")) result = sieve(n);
    if (!strcmp(argv[1], "matrix")) result = matrix(n);
    if (!strcmp(argv[1], "collatz")) result = collatz(n);
    printf("%ld\n", (long)result);
    return result < 0;
}
