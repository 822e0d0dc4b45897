/* The floor of bench/forest.py: what a straightforward C program makes of the same question. It grows trees over a sample once and then
 * scores and explains points, one tree after the other, down to the leaf and up again until the point lies inside the boxes. It learns
 * nothing. Plain structures, plain loops; the compiler gets the same flags as the forest's own core. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int left, right, parent, dim; /* left < 0: a leaf */
    double cut, range;
} Node;

typedef struct {
    int dims, trees, nodes;
    Node *node;    /* trees x nodes */
    double *boxes; /* trees x nodes x 2 x dims: low ends, high ends */
    double *work;  /* 2 x dims */
} Floor;

static uint64_t state;
static double uniform(void) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(state >> 11) * 0x1p-53;
}

static int grow(Floor *f, Node *nodes, double *boxes, int *used, const double *sample, int *members, int count, int parent) {
    int id = (*used)++, d = f->dims, dim = 0, left = 0;
    Node *node = nodes + id;
    double *low = boxes + (size_t)id * 2 * d, *high = low + d, range = 0, where;
    memcpy(low, sample + (size_t)members[0] * d, d * sizeof(double));
    memcpy(high, low, d * sizeof(double));
    for (int m = 1; m < count; m++)
        for (int k = 0; k < d; k++) {
            double v = sample[(size_t)members[m] * d + k];
            if (v < low[k]) low[k] = v;
            if (v > high[k]) high[k] = v;
        }
    for (int k = 0; k < d; k++) range += high[k] - low[k];
    node->parent = parent;
    node->left = node->right = -1;
    node->range = range;
    if (range == 0) return id;
    where = uniform() * range;
    for (dim = 0; dim < d - 1 && where >= high[dim] - low[dim]; dim++) where -= high[dim] - low[dim];
    node->dim = dim;
    node->cut = low[dim] + where < high[dim] ? low[dim] + where : low[dim];
    for (int m = 0; m < count; m++)
        if (sample[(size_t)members[m] * d + dim] <= node->cut) {
            int swap = members[m];
            members[m] = members[left];
            members[left++] = swap;
        }
    int a = grow(f, nodes, boxes, used, sample, members, left, id), b = grow(f, nodes, boxes, used, sample, members + left, count - left, id);
    node->left = a;
    node->right = b;
    return id;
}

/* `samples` points are drawn from `rows` for each tree. */
Floor *floor_new(const double *rows, int64_t n, int dims, int trees, int samples) {
    Floor *f = malloc(sizeof *f);
    int *members = malloc(samples * sizeof(int));
    f->dims = dims;
    f->trees = trees;
    f->nodes = 2 * samples;
    f->node = malloc((size_t)trees * f->nodes * sizeof(Node));
    f->boxes = malloc((size_t)trees * f->nodes * 2 * dims * sizeof(double));
    f->work = malloc(2 * dims * sizeof(double));
    state = 1;
    for (int t = 0; t < trees; t++) {
        int used = 0;
        for (int i = 0; i < samples; i++) members[i] = (int)(uniform() * (double)n);
        grow(f, f->node + (size_t)t * f->nodes, f->boxes + (size_t)t * f->nodes * 2 * dims, &used, rows, members, samples, -1);
    }
    free(members);
    return f;
}

void floor_free(Floor *f) {
    free(f->node);
    free(f->boxes);
    free(f->work);
    free(f);
}

void floor_score(Floor *f, const double *points, int64_t n, double *scores, double *highs, double *lows) {
    int d = f->dims;
    double *above = f->work, *below = f->work + d;
    for (int64_t i = 0; i < n; i++) {
        const double *p = points + i * d;
        double *high = highs + i * d, *low = lows + i * d;
        for (int k = 0; k < d; k++) high[k] = low[k] = 0;
        for (int t = 0; t < f->trees; t++) {
            const Node *nodes = f->node + (size_t)t * f->nodes;
            const double *boxes = f->boxes + (size_t)t * f->nodes * 2 * d;
            int x = 0, depth = 0;
            while (nodes[x].left >= 0) {
                x = p[nodes[x].dim] <= nodes[x].cut ? nodes[x].left : nodes[x].right;
                depth++;
            }
            for (int k = 0; k < d; k++) above[k] = below[k] = 0;
            for (; x >= 0; x = nodes[x].parent, depth--) {
                const double *box = boxes + (size_t)x * 2 * d;
                double gap = 0, both;
                for (int k = 0; k < d; k++) {
                    if (p[k] > box[d + k]) gap += p[k] - box[d + k];
                    if (p[k] < box[k]) gap += box[k] - p[k];
                }
                if (gap == 0) break;
                both = nodes[x].range + gap;
                for (int k = 0; k < d; k++) {
                    above[k] *= nodes[x].range / both;
                    below[k] *= nodes[x].range / both;
                    if (p[k] > box[d + k]) above[k] += (p[k] - box[d + k]) / both / (depth + 1);
                    if (p[k] < box[k]) below[k] += (box[k] - p[k]) / both / (depth + 1);
                }
            }
            for (int k = 0; k < d; k++) {
                high[k] += above[k];
                low[k] += below[k];
            }
        }
        scores[i] = 0;
        for (int k = 0; k < d; k++) {
            high[k] *= 8.0 / f->trees;
            low[k] *= 8.0 / f->trees;
            scores[i] += high[k] + low[k];
        }
    }
}
