/* verify EVIDENCE FOLDER UNIX-TIME [PEM]: appraises a file of evidence with the documents of a folder, as of a time,
 * and prints the verdict and what stands in its way. Report data, measurement and workload are not compared: a real
 * program calls ward_request_expect_report_data with what it asked the platform to prove. With PEM, development
 * platforms under those roots are accepted too. Exit codes are those of `ward verify`: 0 accepted, 1 refused, 2 usage,
 * 3 could not tell. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ward/ward.h>

enum { kUsage = 2, kCouldNotTell = 3 };

/* Reads a whole file of at most `most` octets; NULL where it cannot be read. */
static uint8_t *read_file(const char *path, size_t most, size_t *size) {
  FILE *in = fopen(path, "rb");
  uint8_t *out = in == NULL ? NULL : malloc(most + 1);
  *size = 0;
  if (out != NULL) {
    *size = fread(out, 1, most + 1, in);
    if (ferror(in) || *size > most) {
      errno = ferror(in) ? EIO : EFBIG;
      free(out);
      out = NULL;
    }
  }
  if (out == NULL) fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
  if (in != NULL) fclose(in);
  return out;
}

/* Says what is wrong and what to do. The exit code. */
static int fail(ward_error *error) {
  const ward_status status = ward_error_status(error);
  fprintf(stderr, "verify: %s\n", ward_error_message(error));
  if (*ward_error_hint(error) != '\0') fprintf(stderr, "verify: %s\n", ward_error_hint(error));
  ward_error_free(error);
  if (status == WARD_ERROR_EMPTY_EVIDENCE) return WARD_REFUSED;
  return status == WARD_ERROR_USAGE ? kUsage : kCouldNotTell;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds every file of the folder, in the order of their names. 0, or an exit code. */
static int add_folder(ward_collateral *collateral, const char *folder) {
  static char *names[WARD_MAX_DOCUMENTS];
  size_t count = 0;
  int result = 0;
  DIR *dir = opendir(folder);
  struct dirent *entry;
  if (dir == NULL) {
    fprintf(stderr, "verify: %s: %s\n", folder, strerror(errno));
    return kCouldNotTell;
  }
  while ((entry = readdir(dir)) != NULL && count < WARD_MAX_DOCUMENTS)
    if (entry->d_name[0] != '.' && (names[count] = strdup(entry->d_name)) != NULL) ++count;
  closedir(dir);
  qsort(names, count, sizeof names[0], by_name);
  for (size_t i = 0; i < count; ++i) {
    char path[4096];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    if (result == 0 && stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
      size_t size;
      ward_error *error = NULL;
      uint8_t *document = read_file(path, WARD_MAX_DOCUMENT_BYTES, &size);
      if (document == NULL)
        result = kCouldNotTell;
      else if (ward_collateral_add(collateral, names[i], document, size, &error) != WARD_OK)
        result = fail(error);
      free(document);
    }
    free(names[i]);
  }
  return result;
}

static void print(const ward_appraisal *appraisal) {
  ward_check check = {.size = sizeof check};
  printf("%s\n", ward_appraisal_summary(appraisal));
  for (size_t i = 0; ward_appraisal_check_at(appraisal, i, &check) == WARD_OK; ++i) {
    if (check.outcome == WARD_FAILED || check.not_done == WARD_NOT_DONE_ABSENT)
      printf("%s %s: found \"%s\", expected \"%s\"\n  %s\n", check.outcome == WARD_FAILED ? "failed" : "missing",
             check.id, check.found, check.expected, check.hint);
  }
}

int main(int argc, char **argv) {
  ward_policy *policy = NULL;
  ward_verifier *verifier = NULL;
  ward_collateral *collateral = NULL;
  ward_request *request = NULL;
  ward_appraisal *appraisal = NULL;
  ward_error *error = NULL;
  uint8_t *evidence = NULL, *roots = NULL;
  size_t size = 0, roots_size = 0;
  char *end = NULL;
  int result = kCouldNotTell;
  if (argc < 4 || argc > 5) {
    fprintf(stderr, "usage: verify EVIDENCE FOLDER UNIX-TIME [PEM]\n");
    return kUsage;
  }
  const long long at = strtoll(argv[3], &end, 10);
  if (*argv[3] == '\0' || *end != '\0') {
    fprintf(stderr, "verify: not a time in Unix seconds: %s\n", argv[3]);
    return kUsage;
  }
  if ((evidence = read_file(argv[1], WARD_MAX_EVIDENCE_BYTES, &size)) == NULL) return kCouldNotTell;
  if (argc == 5 && (roots = read_file(argv[4], WARD_MAX_DOCUMENT_BYTES, &roots_size)) == NULL) goto done;

  if (ward_policy_new(&policy, &error) != WARD_OK ||
      (roots != NULL && (ward_policy_allow_development(policy, 1, &error) != WARD_OK ||
                         ward_policy_add_development_roots(policy, roots, roots_size, &error) != WARD_OK)) ||
      ward_verifier_new(policy, &verifier, &error) != WARD_OK || ward_collateral_new(&collateral, &error) != WARD_OK ||
      ward_request_new(&request, &error) != WARD_OK || ward_request_set_time(request, at, &error) != WARD_OK ||
      ward_request_report_data_unchecked(request, &error) != WARD_OK ||
      ward_request_measurement_unchecked(request, &error) != WARD_OK ||
      ward_request_workload_unchecked(request, &error) != WARD_OK) {
    result = fail(error);
    goto done;
  }
  if ((result = add_folder(collateral, argv[2])) != 0) goto done;
  if (ward_verifier_verify(verifier, evidence, size, collateral, request, &appraisal, &error) != WARD_OK) {
    result = fail(error);
    goto done;
  }
  print(appraisal);
  result = (int)ward_appraisal_verdict(appraisal);
done:
  ward_appraisal_free(appraisal);
  ward_request_free(request);
  ward_collateral_free(collateral);
  ward_verifier_free(verifier);
  ward_policy_free(policy);
  free(roots);
  free(evidence);
  return result;
}
